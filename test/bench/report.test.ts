import { describe, expect, it } from 'vitest';
import { progressLine } from '../../bench/progress.ts';
import { bestPeer, bestRatio, formatResults, round } from '../../bench/report.ts';
import { formatTables } from '../../bench/table.ts';
import { measured, timed } from './measured.ts';

const late = { contender: 'tfjs', missing: 'more than 180 s to the first result', limitSeconds: 180 };
const unable = { contender: 'onnxruntime', missing: 'inference only' };

describe('a workload in the report', () => {
  it('is compared with the fastest peer', () => {
    const one = measured('one', [timed('tensorloom', 2), timed('tfjs', 9), timed('jax', 5), unable]);
    expect(bestPeer(one)?.contender).toBe('jax');
    expect(bestRatio(one)).toBe(2.5);
  });

  it('has no ratio where nobody else, or not we, took part', () => {
    expect(bestRatio(measured('one', [timed('tensorloom', 2), unable, late]))).toBeUndefined();
    expect(bestRatio(measured('one', [timed('jax', 2)]))).toBeUndefined();
  });

  it('shows times, the share of the roof, and why a time is missing', () => {
    const lines = formatResults(measured('one', [timed('tensorloom', 2), timed('jax', 5), late])).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe('one: 2.50 times as fast as the best peer (goal 3)');
    expect(lines[1]).toMatch(
      /^ {2}tensorloom +2\.00 +1\.00\.\.4\.00 +1\.00 +20\.0 +7\.00 .* 1\.00 GFLOP\/s +10\.0 %/,
    );
    expect(lines[2]).toMatch(/^ {2}jax +5\.00 +2\.50\.\.10\.0 +2\.50 +50\.0 /);
    expect(lines[3]).toBe('  tfjs          more than 180 s to the first result');
  });

  it('has numbers of three digits', () => {
    expect([0, 0.01234, 1.234, 12.34, 123.4, 1234].map(round)).toEqual([
      '0',
      '0.012',
      '1.23',
      '12.3',
      '123',
      '1234',
    ]);
  });
});

describe('the table', () => {
  const [, , head, , ...rows] = formatTables(
    [
      {
        host: 'chrome',
        workloads: [
          measured('unknown', [timed('tensorloom', 1)], {
            goal: undefined,
            date: '2026-01-05T00:00:00.000Z',
          }),
          measured('second', [timed('tensorloom', 100), late, unable]),
          // The slower one gives its first result sooner.
          measured('first', [
            timed('tensorloom', 200),
            { ...timed('jax', 500), firstResultMilliseconds: 9000 },
            timed('tfjs', 800),
          ]),
        ],
      },
    ],
    ['first', 'second'],
  ).split('\n');

  it('has one row per workload, in the order of the benches', () => {
    expect(head.split('|').map((cell) => cell.trim())).toEqual([
      '',
      'workload',
      'tensorloom, ms',
      'best peer, ms',
      'ratio',
      'goal',
      'first result, s',
      "best peer's, s",
      'block, ms',
      '',
    ]);
    expect(rows).toEqual([
      '| first | 200 | jax 500 | 2.50 | 3 | 2.00 | tfjs 8.00 | 7.00 |',
      '| second | 100 | tfjs took too long |  | 3 | 1.00 | more than 180 | 7.00 |',
      '| unknown | 1.00 | none |  |  | 0.010 |  | 7.00 |',
    ]);
  });

  it('says where and when each part was measured', () => {
    const tables = formatTables(
      [
        {
          host: 'chrome',
          workloads: [measured('a', []), measured('b', [], { date: '2026-01-05T00:00:00.000Z' })],
        },
        { host: 'deno', workloads: [measured('a', [])] },
      ],
      [],
    );
    expect(tables.split('\n').filter((line) => line.startsWith('##'))).toEqual([
      '## chrome, software, 2026-01-02 to 2026-01-05',
      '## deno, software, 2026-01-02',
    ]);
  });

  it('says why we have no time', () => {
    const failed = { contender: 'tensorloom', missing: 'wrong result' };
    const table = formatTables([{ host: 'deno', workloads: [measured('a', [failed, timed('jax', 1)])] }], []);
    expect(table.split('\n')[4]).toBe('| a | wrong result | jax 1.00 |  | 3 |  | jax 0.010 |  |');
  });
});

describe('progress', () => {
  it('tells what is done and since when the run goes on', () => {
    expect(progressLine('3 of 87  matmul-512', 'jax: turn 2 of 7', 250_900)).toBe(
      '3 of 87  matmul-512  jax: turn 2 of 7  4:10',
    );
    expect(progressLine('1 of 2  a', '', 5_000)).toBe('1 of 2  a  0:05');
  });
});
