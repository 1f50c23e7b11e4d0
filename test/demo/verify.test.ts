import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { built, verifyOps } from '../../demo/cli/verifyOps.ts';
import { samples } from '../../demo/cli/verifySamples.ts';
import { root } from '../support/root.ts';

/** What index.ts exports from `ops/`, but types. */
const ops = [
  ...readFileSync(join(root, 'src/index.ts'), 'utf8').matchAll(/export \{([^}]*)\} from '\.\/ops\//g),
]
  .flatMap(([, names]) => names.split(','))
  .map((name) => name.trim())
  .filter((name) => /^[a-z]\w*$/.test(name) && name !== 'grad' && name !== 'elementwise');

describe('npm start -- verify', () => {
  it('has a sample of every public op', () => {
    expect(ops.length).toBeGreaterThan(140);
    expect(ops.filter((name) => !(name in samples))).toEqual([]);
    for (const sample of Object.values(samples))
      expect(Object.keys(built(sample).outputs).length).toBeGreaterThan(0);
  });

  it('verifies ops on the adapter, forward and backward', async () => {
    const verified = await verifyOps(['matmul', 'batchNorm', 'dropout', 'lstm', 'argMax']);
    expect(verified.adapter).not.toBe('');
    expect(verified.ops.map(({ op, passed }) => [op, passed])).toEqual([
      ['matmul', true],
      ['batchNorm', true],
      ['dropout', true],
      ['lstm', true],
      ['argMax', true],
    ]);
    for (const { results, ofBound } of verified.ops) {
      expect(results).toBeGreaterThan(1);
      expect(ofBound).toBeLessThan(1);
    }
  });
});
