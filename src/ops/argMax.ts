import { DTypeError } from '../core/errors.ts';
import { normalizeAxis, sizeOf } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { forEachLine, linesOf } from './lines.ts';
import type { Monoid } from './monoid.ts';
import { reduceKernels } from './reduceKernels.ts';
import { type ReduceAttrs, reducedShape } from './sum.ts';

export interface ArgAttrs extends ReduceAttrs {
  readonly selectLastIndex: boolean;
}

export interface ArgOptions {
  /** The axis along which to search, negative ones counted from the end; default -1. */
  axis?: number;
  /** Keep the axis with length 1; default false. */
  keepDimensions?: boolean;
  /** Of several equal elements take the last; default false, the first. */
  selectLastIndex?: boolean;
}

/** State: the best element so far and its index. Between equal ones the index decides, so that any order gives the same. */
function best(better: '>' | '<', index: '>' | '<'): Monoid {
  return {
    text: `struct State { value: V, index: Index }
fn start(first: V) -> State { return State(first, Index(0u)); }
fn empty(any: State) -> State { return any; }
fn combine(a: State, b: State) -> State {
  let replace = (b.value ${better} a.value) | ((b.value == a.value) & (b.index ${index} a.index));
  return State(select(a.value, b.value, replace), select(a.index, b.index, replace));
}
fn accumulate(state: State, x: V, index: u32) -> State { return combine(state, State(x, Index(index))); }
fn result(state: State) -> Result { return state.index; }`,
    bytes: [8, 32],
    givesIndex: true,
  };
}

function argOp(name: string, better: '>' | '<'): Op<ArgAttrs> {
  const sign = better === '>' ? 1 : -1;
  const monoids = { first: best(better, '<'), last: best(better, '>') };
  return {
    name,
    infer([x], attrs) {
      if (x.dtype === 'bool')
        throw new DTypeError('expected float32, float16, int32 or uint32, got bool; use cast');
      return [{ shape: reducedShape(x.shape, attrs), dtype: 'int32' }];
    },
    reference([x], specs, { axes, selectLastIndex }) {
      const lines = linesOf(specs.inputs[0].shape, axes[0]);
      const result = new Float64Array(lines.count);
      forEachLine(lines, (line, start) => {
        let found = 0;
        for (let i = 1; i < lines.length; i++) {
          const difference = sign * (x[start + i * lines.inner] - x[start + found * lines.inner]);
          if (difference > 0 || (difference === 0 && selectLastIndex)) found = i;
        }
        result[line] = found;
      });
      return [result];
    },
    kernels: (context) =>
      reduceKernels(name, context, context.attrs.selectLastIndex ? monoids.last : monoids.first),
    flops: ([x]) => sizeOf(x.shape),
  };
}

const argMaxOp = /* @__PURE__ */ argOp('argMax', '>');
const argMinOp = /* @__PURE__ */ argOp('argMin', '<');

function search(op: Op<ArgAttrs>, x: Tensor, options: ArgOptions): Tensor {
  return applyOne(op, [x], {
    axes: [normalizeAxis(x.graph.path(op.name), options.axis ?? -1, x.rank)],
    keepDimensions: options.keepDimensions ?? false,
    selectLastIndex: options.selectLastIndex ?? false,
  });
}

/**
 * Index of the largest element along `axis`, as int32: the class that a classifier finds likeliest. There is no gradient.
 * Shapes: [64, 10] along axis 1 gives [64].
 *
 * ```ts
 * const correct = equal(argMax(logits), labels);
 * ```
 *
 * @throws ShapeError where the axis is out of range, DTypeError for bool.
 */
export function argMax(x: Tensor, options: ArgOptions = {}): Tensor {
  return search(argMaxOp, x, options);
}

/** Index of the smallest element along `axis`, as int32; else as `argMax`. */
export function argMin(x: Tensor, options: ArgOptions = {}): Tensor {
  return search(argMinOp, x, options);
}
