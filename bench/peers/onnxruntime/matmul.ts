import type { Prepare } from '../../page/contender.ts';
import type { MatmulSpec } from '../../workloads/matmul.ts';
import { runModel } from './ort.ts';

export const prepare: Prepare<MatmulSpec> = ({ m, k, n, transposeA, transposeB }, inputs) =>
  runModel({
    // Gemm has transposed forms, MatMul has the faster kernels.
    nodes: [
      transposeA || transposeB
        ? {
            op: 'Gemm',
            inputs: ['a', 'b'],
            outputs: ['y'],
            attributes: { transA: Number(transposeA), transB: Number(transposeB) },
          }
        : { op: 'MatMul', inputs: ['a', 'b'], outputs: ['y'] },
    ],
    inputs: { a: { shape: transposeA ? [k, m] : [m, k], values: inputs.a } },
    initializers: { b: { shape: transposeB ? [n, k] : [k, n], values: inputs.b } },
    outputs: { y: [m, n] },
  });
