import { ShapeError } from '../../src/core/errors.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { expandDimensions, squeeze } from '../../src/ops/squeeze.ts';
import { tile } from '../../src/ops/tile.ts';
import { checkOp } from '../support/checkOp.ts';

checkOp('tile', {
  samples: [
    {
      name: 'as NumPy',
      inputs: [{ shape: [2, 2], values: [1, 2, 3, 4] }],
      build: ([x]) => tile(x, [2, 2]),
      expected: [1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4],
    },
    { name: 'once', inputs: [{ shape: [3, 5] }], build: ([x]) => tile(x, [1, 1]) },
    { name: 'rows only', inputs: [{ shape: [3, 5] }], build: ([x]) => tile(x, [3, 1]) },
    { name: 'odd', inputs: [{ shape: [3, 1, 7] }], build: ([x]) => tile(x, [2, 5, 3]) },
    {
      name: 'vec4, and a square',
      inputs: [{ shape: [3, 4] }],
      build: ([x]) => {
        const y = tile(x, [2, 2]);
        return mul(y, y);
      },
    },
    { name: 'int32', inputs: [{ shape: [3], dtype: 'int32' }], build: ([x]) => tile(x, [4]) },
    { name: 'bool', inputs: [{ shape: [3, 2], dtype: 'bool' }], build: ([x]) => tile(x, [1, 3]) },
    { name: 'float16', inputs: [{ shape: [3, 2], dtype: 'float16' }], build: ([x]) => tile(x, [2, 3]) },
  ],
  errors: [
    {
      name: 'too few',
      build: (graph) => tile(graph.input('x', [2, 3]), [2]),
      error: ShapeError,
      message: /tile: repetitions \[2\] must hold a whole number of at least 1 for each axis of \[2, 3\]/,
    },
    {
      name: 'none',
      build: (graph) => tile(graph.input('x', [2]), [0]),
      error: ShapeError,
      message: /repetitions \[0\]/,
    },
  ],
});

checkOp('squeeze and expandDimensions', {
  samples: [
    {
      inputs: [{ shape: [3, 1, 4, 1] }],
      build: ([x]) => [squeeze(x), squeeze(x, [-1]), expandDimensions(x, 0), expandDimensions(x, -1)],
    },
  ],
  errors: [
    {
      name: 'a long axis',
      build: (graph) => squeeze(graph.input('x', [3, 1]), [0]),
      error: ShapeError,
      message: /squeeze: axis 0 of \[3, 1\] has length 3, expected 1/,
    },
    {
      name: 'axis out of range',
      build: (graph) => expandDimensions(graph.input('x', [3, 1]), 3),
      error: ShapeError,
      message: /expandDimensions: axis 3 is out of range for rank 3/,
    },
  ],
});
