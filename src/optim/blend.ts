import source from '#shaders/blend.wgsl' with { type: 'text' };
import { DTypeError, ShapeError } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shape.ts';
import { apply, type Op, type Tensor, type TensorLike, type Variable } from '../graph/graph.ts';
import { linearGrid, type OffsetOf } from '../graph/kernel.ts';
import { blocksOf } from './squaredNorm.ts';

interface BlendAttrs {
  /** The share is 1 - keep, and the second input is not looked at. */
  readonly isMean: boolean;
}

/** Inputs before the targets and sources: keep and share. */
const leading = 2;

/** Inputs keep, share, and for each pair a target and a source; outputs the targets, updated in place. */
export const blendOp: Op<BlendAttrs> = {
  name: 'blend',
  infer([keep, share, ...pairs]) {
    for (const scalar of [keep, share]) {
      if (sizeOf(scalar.shape) !== 1 || scalar.dtype !== 'float32')
        throw new ShapeError(`keep and share must be one float32 number, got ${showShape(scalar.shape)}`);
    }
    return pairs.flatMap((target, i) => {
      if (i % 2 === 1) return [];
      const given = pairs[i + 1];
      if (target.dtype !== 'float32' || given.dtype !== 'float32')
        throw new DTypeError(`expected float32, got ${target.dtype} and ${given.dtype}`);
      if (!sameShape(target.shape, given.shape))
        throw new ShapeError(`${showShape(given.shape)} cannot blend into ${showShape(target.shape)}`);
      return [{ shape: target.shape, dtype: target.dtype }];
    });
  },
  reference([[keep], [given], ...pairs], _, { isMean }) {
    const share = isMean ? 1 - keep : given;
    return pairs.flatMap((target, i) => {
      if (i % 2 === 1) return [];
      const added = pairs[i + 1];
      const kept = (value: number) => (keep === 0 ? 0 : value * keep);
      const shared = (value: number) => (Number.isFinite(value) ? value * share : 0);
      return [target.map((value, j) => kept(value) + shared(added[j]))];
    });
  },
  inPlace: (inputCount) =>
    Array.from({ length: (inputCount - leading) / 2 }, (_, i) => [i, leading + 2 * i] as const),
  kernels({ inputs, outputs, attrs }) {
    const pairs = outputs.map((_, i) => leading + 2 * i);
    const sizes = outputs.map(({ shape }) => sizeOf(shape));
    const blocks = blocksOf(sizes);
    const rows = pairs.flatMap((at, i): (number | OffsetOf)[] => [
      { offsetOf: { output: i } },
      { offsetOf: { input: at + 1 } },
      sizeOf(inputs[at].shape),
    ]);
    return [
      {
        label: 'blend',
        source,
        variant: { IS_MEAN: attrs.isMean },
        params: { tensors: sizes.length, blocks: blocks.length / 2 },
        bindings: [
          { input: 0 },
          { input: 1 },
          { inputs: pairs.map((at) => at + 1) },
          { words: [...rows, ...blocks] },
          { outputs: outputs.map((_, i) => i) },
        ],
        workgroups: linearGrid(blocks.length / 2),
      },
    ];
  },
  flops: (_, outputs) => outputs.reduce((total, { shape }) => total + 3 * sizeOf(shape), 0),
};

/**
 * target ← keep · target + share · source for many variables, in one dispatch for each group of them; a source element that is not
 * finite adds nothing, and a keep of 0 forgets the target. What moving averages and sums of gradients are made of. Float32.
 *
 * @param keep number or scalar tensor, as `share`, whose default is 1 - keep.
 * @returns updates for `compile({ updates })`.
 */
export function blend(
  targets: readonly Variable[],
  sources: readonly Tensor[],
  keep: TensorLike,
  share?: TensorLike,
): [Variable, Tensor][] {
  const groups = [...new Set(targets.map((target) => target.group))];
  return groups.flatMap((group) => {
    const own = targets.flatMap((target, i) => (target.group === group ? [i] : []));
    const { graph } = targets[own[0]];
    const isMean = share === undefined;
    const scalars = [keep, share ?? 0].map((value) =>
      typeof value === 'number' ? graph.constant(value) : value,
    );
    const outputs = apply(blendOp, [...scalars, ...own.flatMap((i) => [targets[i], sources[i]])], { isMean });
    return own.map((i, place): [Variable, Tensor] => [targets[i], outputs[place]]);
  });
}
