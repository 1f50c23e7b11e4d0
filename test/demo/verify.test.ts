import { describe, expect, it } from 'vitest';
import { built, verifyOps } from '../../demo/cli/verifyOps.ts';
import { samples } from '../../demo/cli/verifySamples.ts';
import * as tensorloom from '../../src/index.ts';

/** Public functions in lower case that are no ops with tensors in and out. */
const others = [
  ...['apply', 'applyOne', 'elementwise', 'grad', 'linearGrid', 'openDevice', 'storageType'],
  ...['decodeSafetensors', 'encodeSafetensors', 'checkGradients', 'verify'],
  ...['glorotNormal', 'glorotUniform', 'heNormal', 'heUniform', 'normal', 'uniform'],
  ...['adagrad', 'adam', 'adamw', 'rmsprop', 'sgd'],
];

describe('npm start -- verify', () => {
  it('has a sample of every public op', () => {
    const ops = Object.entries(tensorloom)
      .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
      .map(([name]) => name)
      .filter((name) => !others.includes(name));
    expect(ops.filter((name) => !(name in samples))).toEqual([]);
    for (const sample of Object.values(samples))
      expect(Object.keys(built(sample).outputs).length).toBeGreaterThan(0);
  });

  it('verifies ops on the adapter, forward and backward', async () => {
    const { ops, adapter } = await verifyOps(['matmul', 'batchNorm', 'dropout', 'lstm', 'argMax']);
    expect(adapter).not.toBe('');
    expect(ops.map(({ op, passed }) => [op, passed])).toEqual([
      ['matmul', true],
      ['batchNorm', true],
      ['dropout', true],
      ['lstm', true],
      ['argMax', true],
    ]);
    for (const { results, ofBound } of ops) {
      expect(results).toBeGreaterThan(1);
      expect(ofBound).toBeLessThan(1);
    }
  });
});
