import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Device, openDevice } from '../../src/index.ts';
import { secondBound } from '../../src/verify/bounds.ts';
import { countLine, reportLines } from './report.ts';
import { runCases } from './runner.ts';
import { type Output, Skipped, type SuiteCase } from './suite.ts';

// The judge is judged: what is wrong must fail, whatever the suites say.

let device: Device;
beforeAll(async () => {
  device = await openDevice({ backend: 'cpu' });
});
afterAll(() => device.dispose());

function caseOf(name: string, output: Partial<Output> | Error): SuiteCase {
  const full: Output = { name: 'y', got: [1, 2], want: [1, 2], dtype: 'float32', bound: { ulp: 0 } };
  const run = async () => {
    if (output instanceof Error) throw output;
    return [{ ...full, ...output }];
  };
  return { name, op: 'op', usesFloat16: false, run };
}

const above = Math.fround(2 + 2 ** -22);

describe('the runner', () => {
  it.each<[string, Partial<Output> | Error, string, RegExp]>([
    ['equal', {}, 'passed', /^$/],
    ['NaN where it is wanted', { got: [Number.NaN], want: [Number.NaN] }, 'passed', /^$/],
    ['-0 for 0', { got: [-0], want: [0] }, 'passed', /^$/],
    [
      'a number too large',
      { got: [1, 3] },
      'failed',
      /^y, bound 0 ULP: 1 of 2 elements differ; worst at 1: got 3, expected 2/,
    ],
    [
      'NaN for a number',
      { got: [1, Number.NaN], bound: { relative: 1, absolute: 1 } },
      'failed',
      /worst at 1: got NaN/,
    ],
    [
      'a number for infinity',
      { got: [1], want: [Number.POSITIVE_INFINITY], bound: { relative: 1, absolute: 1 } },
      'failed',
      /1 of 1/,
    ],
    ['one unit off', { got: [1, above], bound: { ulp: 1 } }, 'passed', /^$/],
    ['one unit off where none is allowed', { got: [1, above] }, 'failed', /got 2\.000000238/],
    ['too few elements', { got: [1] }, 'failed', /^y has 1 elements, expected 2/],
    [
      'another shape',
      { shapes: { got: [2, 1], want: [2] } },
      'failed',
      /^y has shape \[2, 1\], expected \[2\]/,
    ],
    ['an error', new Error('no luck'), 'failed', /^Error: no luck/],
    ['a skip', new Skipped('operator x is not supported'), 'skipped', /^operator x is not supported/],
  ])('%s', async (name, output, verdict, reason) => {
    const [result] = (await runCases(device, [caseOf(name, output)])).results;
    expect(result.verdict).toBe(verdict);
    expect(result.reason).toMatch(reason);
  });

  it('fails a case that compares nothing', async () => {
    const nothing = { name: 'none', op: 'op', usesFloat16: false, run: async () => [] };
    expect((await runCases(device, [nothing])).results[0].verdict).toBe('failed');
  });

  it('says where the second bound was needed', async () => {
    const cases = [
      caseOf('near', { got: [1, above], secondBound }),
      caseOf('far', { got: [1, 2.1], secondBound }),
    ];
    const { results } = await runCases(device, cases);
    expect(results.map(({ verdict, bySecondBound }) => [verdict, bySecondBound])).toEqual([
      ['passed', true],
      ['failed', false],
    ]);
    const lines = reportLines(results);
    expect(lines.join('\n')).toMatch(/1 of those that passed miss the bound of the suite .*: op 1/);
    expect(lines.join('\n')).toMatch(/failed: op: far: .* by the second bound, 0.000001 \+ 0.00001 \|want\|/);
    expect(countLine(results)).toBe('1 passed, 1 failed, 0 skipped');
  });
});
