import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasMeasured, type Report, readReport, withMeasured, writeReport } from '../../bench/resultFile.ts';
import { measured, timed } from './measured.ts';

const first = measured('first', [timed('tensorloom', 1), timed('jax', 2)]);
const second = measured('second', [timed('tensorloom', 3)]);
const report: Report = { host: 'chrome', workloads: [first, second] };

describe('results', () => {
  it('get a new workload at their end', () => {
    const third = measured('third', []);
    expect(withMeasured(report, third)).toEqual({ host: 'chrome', workloads: [first, second, third] });
  });

  it('get a workload measured again in its old place', () => {
    const again = measured('first', [timed('tensorloom', 4)]);
    expect(withMeasured(report, again)).toEqual({ host: 'chrome', workloads: [again, second] });
    expect(report.workloads[0]).toBe(first);
  });

  it('know what a resumed run leaves out', () => {
    expect(hasMeasured(report, 'first', '1.0.0-aa', ['tensorloom', 'jax'])).toBe(true);
    expect(hasMeasured(report, 'first', '1.0.0-bb', ['tensorloom', 'jax'])).toBe(false);
    expect(hasMeasured(report, 'first', '1.0.0-aa', ['tensorloom', 'tfjs'])).toBe(false);
    expect(hasMeasured(report, 'third', '1.0.0-aa', [])).toBe(false);
  });
});

describe('a file of results', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('begins empty, and gives back what was written', () => {
    const file = join(folder, 'results.json');
    expect(readReport(file, 'chrome')).toEqual({ host: 'chrome', workloads: [] });
    writeReport(file, report);
    expect(readReport(file, 'chrome')).toEqual(report);
    expect(readdirSync(folder)).toEqual(['results.json']);
  });

  it("does not mix two hosts' results", () => {
    const file = join(folder, 'results.json');
    writeReport(file, report);
    expect(() => readReport(file, 'deno')).toThrow('results of host "chrome", not "deno"');
  });
});
