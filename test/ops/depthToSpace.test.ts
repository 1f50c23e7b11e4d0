import { ShapeError } from '../../src/core/errors.ts';
import { depthToSpace, spaceToDepth } from '../../src/ops/depthToSpace.ts';
import { checkOp } from '../support/checkOp.ts';

const counted = { shape: [1, 1, 2, 8], values: Array.from({ length: 16 }, (_, i) => i) };

checkOp('depthToSpace', {
  samples: [
    {
      name: 'row, column, channel',
      inputs: [counted],
      build: ([x]) => depthToSpace(x, 2),
      expected: [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15],
    },
    {
      name: 'channel, row, column',
      inputs: [counted],
      build: ([x]) => depthToSpace(x, 2, { mode: 'CRD' }),
      expected: [0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15],
    },
    { inputs: [{ shape: [2, 27, 3, 5] }], build: ([x]) => depthToSpace(x, 3, { layout: 'NCHW' }) },
    { inputs: [{ shape: [2, 3, 5, 8], dtype: 'int32' }], build: ([x]) => depthToSpace(x, 2) },
  ],
  errors: [
    {
      name: 'channels that do not divide',
      build: (graph) => depthToSpace(graph.input('x', [1, 2, 2, 6]), 2),
      error: ShapeError,
      message: /depthToSpace: blocks of 2 do not fit \[1, 2, 2, 6\]/,
    },
  ],
});

checkOp('spaceToDepth', {
  samples: [
    ...(['DCR', 'CRD'] as const).map((mode) => ({
      name: `undoes depthToSpace, ${mode}`,
      inputs: [counted],
      build: ([x]: Parameters<typeof depthToSpace>[0][]) =>
        spaceToDepth(depthToSpace(x, 2, { mode }), 2, { mode }),
      expected: counted.values,
    })),
    { inputs: [{ shape: [2, 3, 4, 6] }], build: ([x]) => spaceToDepth(x, 2, { layout: 'NCHW' }) },
  ],
  errors: [
    {
      name: 'an odd height',
      build: (graph) => spaceToDepth(graph.input('x', [1, 3, 2, 6]), 2),
      error: ShapeError,
      message: /spaceToDepth: blocks of 2 do not fit \[1, 3, 2, 6\]/,
    },
  ],
});
