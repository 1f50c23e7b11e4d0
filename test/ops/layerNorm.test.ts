import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import { relu } from '../../src/ops/activations.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { grad } from '../../src/ops/gradient.ts';
import { layerNorm, rmsNorm } from '../../src/ops/layerNorm.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

function sample(shape: number[], axes?: number[], epsilon?: number): Sample {
  const at = (axes ?? [-1]).map((axis) => (axis < 0 ? axis + shape.length : axis)).sort((a, b) => a - b);
  const parameter = { shape: at.map((axis) => shape[axis]) };
  return {
    name: `[${shape}] over [${axes ?? -1}]`,
    inputs: [{ shape }, parameter, parameter],
    build: ([x, scale, offset]) => layerNorm(x, { scale, offset, axes, epsilon }),
  };
}

const far = {
  relative: 8e-6,
  absolute: 3e-4,
  reason: 'a float32 mean near 1000 is off by up to 3e-5 deviations',
};

checkOp('layerNorm', {
  samples: [
    {
      name: 'a row by hand',
      inputs: [
        { shape: [4], values: [1, 2, 3, 4] },
        { shape: [4], values: [1, 2, 1, 1] },
        { shape: [4], values: [0, 0, 3, 0] },
      ],
      build: ([x, scale, offset]) => layerNorm(x, { scale, offset, epsilon: 0 }),
      expected: [-1.5, -1, 0.5, 1.5].map((value, i) => value / Math.sqrt(1.25) + (i === 2 ? 3 : 0)),
    },
    sample([3, 5]),
    sample([2, 1]),
    sample([1, 130]),
    sample([5, 8]),
    sample([65, 12]),
    sample([3, 1000]),
    sample([2, 4096], undefined, 0.1),
    sample([700, 4]),
    sample([2, 3, 4, 5], [2, 3]),
    sample([2, 3, 5], [1]),
    sample([4, 3, 5], [2, 0]),
    {
      name: 'everything, without parameters',
      inputs: [{ shape: [3, 7] }],
      build: ([x]) => layerNorm(x, { axes: [0, 1] }),
    },
    {
      name: 'mean 1000, deviation 1',
      inputs: [{ shape: [4, 300], values: { low: 998.3, high: 1001.7 } }, { shape: [300] }],
      build: ([x, scale]) => layerNorm(x, { scale }),
      tolerance: far,
    },
    {
      name: 'rows without deviation',
      inputs: [{ shape: [2, 6], values: [...new Array(6).fill(7), ...new Array(6).fill(-1e4)] }],
      build: ([x]) => layerNorm(x),
      expected: new Array(12).fill(0),
      gradient: false,
    },
    {
      name: 'a chain behind it, with operands',
      inputs: [{ shape: [5, 8] }, { shape: [8] }, { shape: [5, 8] }],
      build: ([x, scale, rest]) => relu(add(layerNorm(x, { scale }), rest)),
    },
    {
      name: 'the gradient of the gradient',
      inputs: [{ shape: [3, 6] }, { shape: [6] }, { shape: [6] }, { shape: [3, 6] }],
      build: ([x, scale, offset, weights]) => {
        const y = layerNorm(x, { scale, offset, epsilon: 0.1 });
        return grad(sum(mul(mul(y, y), weights)), [x, scale, offset]);
      },
    },
    {
      name: 'float16',
      inputs: [{ shape: [5, 8], dtype: 'float16' }, { shape: [8] }],
      build: ([x, scale]) => layerNorm(x, { scale }),
    },
  ],
  errors: [
    {
      name: 'scale of another shape',
      build: (graph) =>
        graph.scope('block', () => layerNorm(graph.input('x', [2, 3]), { scale: graph.input('s', [2]) })),
      error: ShapeError,
      message: /^block\/layerNorm: scale must be \[3\], axes \[1\] of \[2, 3\]; got \[2\]$/,
    },
    {
      name: 'axis',
      build: (graph) => layerNorm(graph.input('x', [2, 3]), { axes: [2] }),
      error: ShapeError,
      message: /layerNorm: axis 2 is out of range for rank 2/,
    },
    {
      name: 'integers',
      build: (graph) => layerNorm(graph.input('x', [2, 3], 'int32')),
      error: DTypeError,
      message: /expected float32 or float16, got int32/,
    },
  ],
});

checkOp('rmsNorm', {
  samples: [
    {
      // mean of squares 12.5
      name: 'a row by hand',
      inputs: [
        { shape: [2], values: [3, 4] },
        { shape: [2], values: [1, 2] },
      ],
      build: ([x, scale]) => rmsNorm(x, { scale, epsilon: 0 }),
      expected: [3 / Math.sqrt(12.5), 8 / Math.sqrt(12.5)],
    },
    { inputs: [{ shape: [5, 8] }, { shape: [8] }], build: ([x, scale]) => rmsNorm(x, { scale }) },
    {
      inputs: [{ shape: [3, 17] }, { shape: [17] }],
      build: ([x, scale]) => rmsNorm(x, { scale, epsilon: 0.1 }),
    },
    {
      name: 'without scale, over axis 0',
      inputs: [{ shape: [5, 3] }],
      build: ([x]) => rmsNorm(x, { axes: [0] }),
    },
    {
      name: 'the gradient of the gradient',
      inputs: [{ shape: [3, 4] }, { shape: [4] }, { shape: [3, 4] }],
      build: ([x, scale, weights]) => {
        const y = rmsNorm(x, { scale });
        return grad(sum(mul(mul(y, y), weights)), [x, scale]);
      },
    },
  ],
});
