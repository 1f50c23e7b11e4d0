import { GraphError, ShapeError } from '../../core/errors.ts';
import { showShape } from '../../core/shape.ts';
import type { Tensor } from '../../graph/graph.ts';
import { sigmoid, silu } from '../../ops/activations.ts';
import { add, mul, sub } from '../../ops/arithmetic.ts';
import { cast, equal, less, lessOrEqual, where } from '../../ops/comparison.ts';
import { concat, stack } from '../../ops/concat.ts';
import { gather } from '../../ops/gather.ts';
import { tanh } from '../../ops/math.ts';
import { matmul } from '../../ops/matmul.ts';
import { pad } from '../../ops/pad.ts';
import { max } from '../../ops/reduce.ts';
import { reshape } from '../../ops/reshape.ts';
import { slice } from '../../ops/slice.ts';
import { softmax } from '../../ops/softmax.ts';
import { expandDimensions } from '../../ops/squeeze.ts';
import { expand } from '../../ops/sum.ts';
import { transpose } from '../../ops/transpose.ts';
import { type Context, countTo, type Handler, type Handlers } from '../handler.ts';
import type { Value } from '../value.ts';
import { combine, oneType, requireFloat } from './elementwise.ts';

// https://onnx.ai/onnx/operators/onnx__Attention.html

const negativeInfinity = Number.NEGATIVE_INFINITY;

/** [batch, length, heads · size] -> [batch, heads, length, size]; a tensor of four axes is that already. */
function heads(x: Tensor, count: number | undefined, what: string): Tensor {
  if (x.rank === 4) return x;
  if (x.rank !== 3 || count === undefined || x.shape[2] % count !== 0)
    throw new ShapeError(
      `${what} ${showShape(x.shape)} does not divide into ${count ?? 'an unknown number of'} heads`,
    );
  const [batch, length, features] = x.shape;
  return transpose(reshape(x, [batch, length, count, features / count]), [0, 2, 1, 3]);
}

/** Each head of keys or values as often as queries share it: [h0, h0, h1, h1, …]. */
function shared(x: Tensor, queryHeads: number): Tensor {
  const [batch, count, length, size] = x.shape;
  if (count === queryHeads) return x;
  if (queryHeads % count !== 0)
    throw new ShapeError(`${queryHeads} heads of queries cannot share ${count} of keys`);
  const times = queryHeads / count;
  return reshape(expand(expandDimensions(x, 2), [batch, count, times, length, size]), [
    batch,
    queryHeads,
    length,
    size,
  ]);
}

/** What is added to the scores, -∞ where a query may not look; null for nothing. */
function biasOf(
  mask: Value | undefined,
  valid: Value | undefined,
  lengths: { queries: number; keys: number; past: number | null },
  isCausal: boolean,
  { graph }: Context,
): Tensor | null {
  const { queries, keys, past } = lengths;
  const parts: Tensor[] = [];
  if (mask) {
    const bias =
      mask.type === 'bool'
        ? where(mask.tensor, graph.constant(0), graph.constant(negativeInfinity))
        : mask.tensor;
    const missing = keys - bias.shape[bias.rank - 1];
    const padding = bias.shape.map((_, axis): [number, number] =>
      axis === bias.rank - 1 ? [0, missing] : [0, 0],
    );
    parts.push(missing > 0 ? pad(bias, padding, { value: negativeInfinity }) : bias);
  }
  const columns = graph.constant(countTo(keys), [keys], 'int32');
  const counts = valid && reshape(cast(valid.tensor, 'int32'), [valid.size, 1, 1, 1]);
  if (isCausal) {
    const rows = graph.constant(countTo(queries), [queries, 1], 'int32');
    // A query sees the keys before its own place, which begins after those of the past.
    const offset = past === null && counts ? sub(counts, queries) : graph.constant(past ?? 0, [], 'int32');
    parts.push(
      where(lessOrEqual(columns, add(rows, offset)), graph.constant(0), graph.constant(negativeInfinity)),
    );
  }
  if (counts) parts.push(where(less(columns, counts), graph.constant(0), graph.constant(negativeInfinity)));
  return parts.length === 0 ? null : parts.reduce((total, part) => add(total, part));
}

const attention: Handler = (inputs, attributes, context) => {
  const [q, k, v] = [0, 1, 2].map((index) => requireFloat(inputs.get(index)));
  const [mask, pastKey, pastValue, valid] = [3, 4, 5, 6].map((index) => inputs.optional(index));
  const [queryHeads, keyHeads] = [attributes.int('q_num_heads'), attributes.int('kv_num_heads')];
  const softcap = attributes.float('softcap', 0);
  const outputMode = attributes.int('qk_matmul_output_mode', 0);
  // All is computed in float32.
  attributes.ignore('softmax_precision');
  const query = heads(q.tensor, queryHeads, 'Q');
  const newKey = heads(k.tensor, keyHeads, 'K');
  const newValue = heads(v.tensor, keyHeads, 'V');
  const key = pastKey && !pastKey.isEmpty ? concat([pastKey.tensor, newKey], 2) : newKey;
  const value = pastValue && !pastValue.isEmpty ? concat([pastValue.tensor, newValue], 2) : newValue;
  const count = query.shape[1];
  const scale = attributes.float('scale') ?? 1 / Math.sqrt(query.shape[3]);

  const raw = mul(matmul(query, shared(key, count), { transposeB: true }), scale);
  const capped = softcap > 0 ? mul(tanh(mul(raw, 1 / softcap)), softcap) : raw;
  const lengths = { queries: query.shape[2], keys: key.shape[2], past: pastKey ? pastKey.shape[2] : null };
  const bias = biasOf(mask, valid, lengths, attributes.flag('is_causal'), context);
  const scores = bias ? add(capped, bias) : capped;
  const weights = bias ? safeSoftmax(scores, bias) : softmax(scores);
  const y = matmul(weights, shared(value, count));

  const shown = [raw, capped, scores, weights][outputMode];
  if (!shown) throw new GraphError(`qk_matmul_output_mode is ${outputMode}, expected 0 to 3`);
  const [batch, , length, size] = y.shape;
  const result = q.rank === 3 ? reshape(transpose(y, [0, 2, 1, 3]), [batch, length, count * size]) : y;
  return [result, key, value, shown].map((tensor, i) => context.value(i === 2 ? v.type : q.type, tensor));
};

/** A query that may look nowhere gets no weights, where the softmax would be NaN. */
function safeSoftmax(scores: Tensor, bias: Tensor): Tensor {
  const highest = max(bias, { axes: [-1], keepDimensions: true });
  return where(equal(highest, negativeInfinity), 0, softmax(scores));
}

/** Rotates pairs of features by an angle that belongs to the place: (a cos - b sin, a sin + b cos). */
const rotaryEmbedding: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  const places = inputs.optional(3);
  const interleaved = attributes.flag('interleaved');
  const count = attributes.int('num_heads', 0);
  const asked = attributes.int('rotary_embedding_dim', 0);
  // [batch, length, heads, size]
  const [batch, second] = x.shape;
  const wide =
    x.rank === 3
      ? reshape(x.tensor, [batch, second, count, x.shape[2] / count])
      : transpose(x.tensor, [0, 2, 1, 3]);
  const size = wide.shape[3];
  const rotated = asked === 0 ? size : asked;
  const half = rotated / 2;
  const angles = (index: number) => {
    const table = inputs.get(index).tensor;
    const rows = places ? gather(table, places.tensor) : table;
    return expandDimensions(slice(rows, { axes: [-1], size: [half] }), 2);
  };
  const [cosine, sine] = [angles(1), angles(2)];
  const part = (begin: number, end: number, step = 1) =>
    slice(wide, { axes: [3], begin: [begin], end: [end], steps: [step] });
  const [a, b] = interleaved
    ? [part(0, rotated - 1, 2), part(1, rotated, 2)]
    : [part(0, half), part(half, rotated)];
  const real = sub(mul(a, cosine), mul(b, sine));
  const imaginary = add(mul(a, sine), mul(b, cosine));
  const turned = interleaved
    ? reshape(stack([real, imaginary], -1), [...real.shape.slice(0, 3), rotated])
    : concat([real, imaginary], 3);
  const whole = rotated === size ? turned : concat([turned, part(rotated, size)], 3);
  return context.value(x.type, x.rank === 3 ? reshape(whole, x.shape) : transpose(whole, [0, 2, 1, 3]));
};

export const attentions: Handlers = {
  Attention: attention,
  RotaryEmbedding: rotaryEmbedding,
  /** swish(a) b */
  SwiGLU: (inputs, attributes, context) => {
    const pair = [requireFloat(inputs.get(0)), inputs.get(1)];
    const alpha = attributes.float('alpha', 1);
    return combine(context, oneType(pair), pair, ([a, b]) =>
      mul(alpha === 1 ? silu(a) : mul(a, sigmoid(mul(a, alpha))), b),
    );
  },
};
