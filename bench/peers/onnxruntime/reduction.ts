import type { Prepare } from '../../page/contender.ts';
import type { ReductionSpec } from '../../workloads/reduction.ts';
import { runModel } from './ort.ts';

export const prepare: Prepare<ReductionSpec> = ({ kind, rows, columns }, inputs) => {
  const x = { shape: [rows, columns], values: inputs.x };
  if (kind === 'softmax') {
    return runModel({
      nodes: [{ op: 'Softmax', inputs: ['x'], outputs: ['y'], attributes: { axis: -1 } }],
      inputs: { x },
      initializers: {},
      outputs: { y: [rows, columns] },
    });
  }
  const axes = { inner: [1n], outer: [0n], all: [0n, 1n] }[kind];
  return runModel({
    nodes: [{ op: 'ReduceSum', inputs: ['x', 'axes'], outputs: ['y'], attributes: { keepdims: 0 } }],
    inputs: { x },
    initializers: { axes: { shape: [axes.length], values: new BigInt64Array(axes) } },
    outputs: { y: { inner: [rows], outer: [columns], all: [] }[kind] },
  });
};
