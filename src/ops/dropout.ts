import source from '#shaders/dropout.wgsl' with { type: 'text' };
import { isFloat } from '../core/dtype.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { threefry2x32 } from '../core/random.ts';
import { sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { type KernelCall, type KernelContext, linearGrid, storageType } from '../graph/kernel.ts';

export interface DropoutAttrs {
  readonly rate: number;
  /** The key of the random numbers: both words are part of it. */
  readonly seed: number;
  readonly stream: number;
}

/** Inputs x and the step (uint32, one element), by which masks differ from run to run. */
export const dropoutOp: Op<DropoutAttrs> = {
  name: 'dropout',
  infer([x, step], { rate }) {
    if (!(rate >= 0 && rate < 1))
      throw new ShapeError(`rate must be at least 0 and less than 1, got ${rate}`);
    if (!isFloat(x.dtype)) throw new DTypeError(`expected float32 or float16, got ${x.dtype}`);
    if (step.dtype !== 'uint32' || sizeOf(step.shape) !== 1)
      throw new ShapeError('the step must be one uint32');
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  // Element i belongs to word i mod 2 of the counter (floor(i / 2), step).
  reference([x, [step]], _, { rate, seed, stream }) {
    const result = new Float64Array(x.length);
    const threshold = thresholdOf(rate);
    for (let i = 0; i < x.length; i++) {
      const word = threefry2x32([seed, stream], [i >>> 1, step])[i & 1];
      result[i] = word >>> 8 >= threshold ? x[i] / (1 - rate) : 0;
    }
    return [result];
  },
  kernels: dropoutKernels,
  epilogue: { bindings: () => 3 },
  // y = x mask / (1 - rate)  =>  dx = dy mask / (1 - rate): the mask is drawn again
  gradient([dy], [, step], _, attrs) {
    return [dy && applyOne(dropoutOp, [dy, step], attrs), null];
  },
};

export interface DropoutOptions {
  /** The share of elements to drop, from 0 to less than 1. */
  rate: number;
  /** Whether to drop at all; default true. Without training the result is `x` itself. */
  training?: boolean;
  /**
   * Dropouts of one stream draw the same masks; default a stream of its own for each call. Streams that are told should
   * not be small numbers, which the calls without one take.
   */
  stream?: number;
}

/**
 * Sets elements to 0 with probability `rate` and divides the others by 1 - rate, so that the mean stays (Srivastava, Hinton,
 * Krizhevsky, Sutskever, Salakhutdinov: "Dropout", JMLR 2014). float32 or float16.
 *
 * The mask depends on the graph's seed, the stream, `graph.step` and the place of the element only (Threefry-2x32), so CPU and
 * WebGPU draw the same one, every training step another, and the backward pass draws it again instead of storing it.
 *
 * ```ts
 * const hidden = dropout(relu(dense), { rate: 0.5 });
 * ```
 *
 * @throws ShapeError where `rate` is out of range; DTypeError where `x` is not float.
 */
export function dropout(x: Tensor, { rate, training = true, stream }: DropoutOptions): Tensor {
  const { graph } = x;
  if (!training || rate === 0) return x;
  const attrs = { rate, seed: graph.seed >>> 0, stream: (stream ?? graph.nextStream()) >>> 0 };
  return applyOne(dropoutOp, [x, graph.step], attrs);
}

/** A word whose upper 24 bits are less than this drops its element. Whole numbers compare alike everywhere. */
function thresholdOf(rate: number): number {
  return Math.round(rate * 2 ** 24);
}

function dropoutKernels({
  inputs: [x],
  outputs: [y],
  attrs,
  epilogue,
}: KernelContext<DropoutAttrs>): KernelCall[] {
  const size = sizeOf(x.shape);
  const width = size % 4 === 0 && epilogue.allowsVec4 ? 4 : 1;
  const count = Math.ceil(size / (width === 4 ? 4 : 2));
  return [
    {
      label: 'dropout',
      source,
      variant: {
        X: storageType(x.dtype, width),
        Y: storageType(y.dtype, width),
        VEC4: width === 4,
        EPILOGUE: epilogue.text(4, width),
      },
      params: {
        count,
        size,
        seed: attrs.seed,
        stream: attrs.stream,
        threshold: thresholdOf(attrs.rate),
        scale: 1 / (1 - attrs.rate),
      },
      bindings: [{ input: 0 }, { input: 1 }, { output: 0 }, ...epilogue.bindings],
      workgroups: linearGrid(Math.ceil(count / 256)),
    },
  ];
}
