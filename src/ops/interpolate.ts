import source from '#shaders/interpolate.wgsl' with { type: 'text' };
import { isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { linearGrid, storageType } from '../graph/kernel.ts';
import { lineOf } from './gather.ts';

/** Each element of an axis of the result as a weighted sum of elements of an axis of x: [place, weight] pairs. */
export type Taps = readonly (readonly (readonly [number, number])[])[];

export interface InterpolateAttrs {
  readonly axis: number;
  readonly taps: Taps;
}

/** Inputs x [outer, size, inner]; places (int32) and weights (float32) [length, taps]: the attribute as tensors. */
export const interpolateOp: Op<InterpolateAttrs> = {
  name: 'interpolate',
  infer([x, places, weights], { axis, taps }) {
    if (!isFloat(x.dtype)) throw new DTypeError(`expected float32 or float16, got ${x.dtype}; use cast`);
    if (places.shape[0] !== taps.length || showShape(places.shape) !== showShape(weights.shape)) {
      throw new ShapeError(
        `${taps.length} places do not fit tables ${showShape(places.shape)} and ${showShape(weights.shape)}`,
      );
    }
    return [{ shape: x.shape.map((length, i) => (i === axis ? taps.length : length)), dtype: x.dtype }];
  },
  reference([x], { inputs, outputs }, { axis, taps }) {
    const { outer, size, inner } = lineOf(inputs[0].shape, axis);
    const y = new Float64Array(sizeOf(outputs[0].shape));
    for (let o = 0; o < outer; o++) {
      taps.forEach((each, j) => {
        for (let i = 0; i < inner; i++) {
          let total = 0;
          for (const [place, weight] of each)
            if (weight !== 0) total += weight * x[(o * size + place) * inner + i];
          y[(o * taps.length + j) * inner + i] = total;
        }
      });
    }
    return [y];
  },
  kernels({ inputs: [x, places], outputs: [y], attrs, epilogue }) {
    const { size, inner } = lineOf(x.shape, attrs.axis);
    const width = inner % 4 === 0 && epilogue.allowsVec4 ? 4 : 1;
    const count = sizeOf(y.shape) / width;
    return [
      {
        label: 'interpolate',
        source,
        variant: {
          X: storageType(x.dtype, width),
          Y: storageType(y.dtype, width),
          EPILOGUE: epilogue.text(5, width),
        },
        params: { count, length: attrs.taps.length, size, inner: inner / width, taps: places.shape[1] },
        bindings: [{ input: 0 }, { input: 1 }, { input: 2 }, { output: 0 }, ...epilogue.bindings],
        workgroups: linearGrid(Math.ceil(count / 256)),
      },
    ];
  },
  epilogue: { bindings: () => 4 },
  // y[j] = sum of w[j, p] x[p]  =>  dx[p] = sum of w[j, p] dy[j]
  gradient([dy], [x], _, { axis, taps }) {
    return [dy && interpolate(dy, axis, transposed(taps, x.shape[axis])), null, null];
  },
  flops: ([, places], [y]) => 2 * sizeOf(y.shape) * places.shape[1],
};

/** The linear map along `axis` that `taps` describe: y[j] = Σ weight · x[place] over the pairs of j. */
export function interpolate(x: Tensor, axis: number, taps: Taps): Tensor {
  // The table is rectangular: what is missing has weight 0.
  const width = Math.max(1, ...taps.map((each) => each.length));
  const filled = taps.flatMap((each) => Array.from({ length: width }, (_, tap) => each[tap] ?? [0, 0]));
  const shape = [taps.length, width];
  const places = x.graph.constant(
    filled.map(([place]) => place),
    shape,
    'int32',
  );
  const weights = x.graph.constant(
    filled.map(([, weight]) => weight),
    shape,
  );
  return applyOne(interpolateOp, [x, places, weights], { axis, taps });
}

function transposed(taps: Taps, size: number): Taps {
  const result = Array.from({ length: size }, () => [] as [number, number][]);
  taps.forEach((each, j) => {
    for (const [place, weight] of each) result[place].push([j, weight]);
  });
  return result;
}
