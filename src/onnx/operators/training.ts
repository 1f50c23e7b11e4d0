import { GraphError } from '../../core/errors.ts';
import type { Tensor } from '../../graph/graph.ts';
import { add, div, mul, sqrt, square, sub } from '../../ops/arithmetic.ts';
import { cast, equal, greater, notEqual, where } from '../../ops/comparison.ts';
import { dropout } from '../../ops/dropout.ts';
import { grad } from '../../ops/gradient.ts';
import { pow } from '../../ops/pow.ts';
import { expand, sum } from '../../ops/sum.ts';
import type { Attributes } from '../attributes.ts';
import type { Context, Handler, Handlers, Inputs } from '../handler.ts';
import { inOrder, type Value } from '../value.ts';
import { requireFloat } from './elementwise.ts';

// Operators for training: https://github.com/onnx/onnx/blob/main/docs/Operators.md, domain ai.onnx.preview.training.

/** In training mode from opset 12 on, or, before opset 7, without `is_test`. */
const dropoutHandler: Handler = (inputs, attributes, context) => {
  const x = requireFloat(inputs.get(0));
  attributes.ignore('seed', 'consumed_inputs');
  const mode = inputs.optional(2);
  const training =
    context.opset >= 12
      ? mode !== undefined && context.numbers(mode, 'training_mode')[0] !== 0
      : context.opset < 7 && !attributes.flag('is_test');
  const given = inputs.optional(1);
  const ratio =
    given && !given.isEmpty && training ? context.numbers(given, 'ratio')[0] : attributes.float('ratio', 0.5);
  const mask = (kept: Tensor) => (context.outputs[1] ? context.value(maskType(x, context), kept) : undefined);
  const { graph } = context;
  if (!training || ratio === 0) return [x, mask(expand(graph.constant(1, [], maskDType(context)), x.shape))];
  const order = x.layout ?? inOrder(x.rank);
  const tensor = x.form(order);
  const stream = graph.nextStream();
  const y = dropout(tensor, { rate: ratio, stream });
  if (!context.outputs[1]) return context.value(x.type, y, order);
  // What the same numbers do to ones.
  const kept = notEqual(dropout(expand(graph.constant(1), tensor.shape), { rate: ratio, stream }), 0);
  const shown = cast(kept, maskDType(context));
  return [context.value(x.type, y, order), context.value(maskType(x, context), shown, order)];
};

/** Before opset 10 the mask has the type of x. */
function maskType(x: Value, context: Context): Value['type'] {
  return context.opset < 10 ? x.type : 'bool';
}

function maskDType(context: Context): 'float32' | 'bool' {
  return context.opset < 10 ? 'float32' : 'bool';
}

/** What an optimizer gets for one tensor, and the factors that all tensors share. */
interface Step {
  readonly rate: Tensor;
  /** How many steps came before. */
  readonly count: Tensor;
  readonly x: Tensor;
  /** With the gradient of the regularisation. */
  readonly gradient: Tensor;
  readonly state: readonly Tensor[];
}

/** Inputs: rate, count, then all tensors, all their gradients, and for each kind of state that of all of them. */
function optimizer(
  stateCount: number,
  attributes: Attributes,
  inputs: Inputs,
  context: Context,
  update: (step: Step) => Tensor[],
): Value[] {
  const count = (inputs.length - 2) / (2 + stateCount);
  if (!Number.isInteger(count))
    throw new GraphError(`${inputs.length} inputs are not 2 and ${2 + stateCount} for each tensor`);
  const decay = attributes.float('norm_coefficient', 0);
  const rows = Array.from({ length: count }, (_, i) => {
    const at = (kind: number) => inputs.get(2 + kind * count + i).tensor;
    const x = at(0);
    return update({
      rate: inputs.get(0).tensor,
      count: cast(inputs.get(1).tensor, 'float32'),
      x,
      gradient: decay === 0 ? at(1) : add(mul(x, decay), at(1)),
      state: Array.from({ length: stateCount }, (__, kind) => at(2 + kind)),
    });
  });
  return rows[0].flatMap((_, kind) => rows.map((row, i) => context.value(inputs.get(2 + i).type, row[kind])));
}

/** H' = H + g²; x' = x - r g / (√H' + ε), r = rate / (1 + count decay) */
const adagrad: Handler = (inputs, attributes, context) => {
  const [epsilon, decay] = [attributes.float('epsilon', 1e-6), attributes.float('decay_factor', 0)];
  return optimizer(1, attributes, inputs, context, ({ rate, count, x, gradient, state: [h] }) => {
    const squares = add(h, square(gradient));
    const step = div(rate, add(mul(count, decay), 1));
    return [sub(x, div(mul(step, gradient), add(sqrt(squares), epsilon))), squares];
  });
};

/** V' = α V + (1 - α) g; H' = β H + (1 - β) g²; x' = (1 - post) (x - r V' / (√H' + ε)), r = rate √(1 - β^T) / (1 - α^T) for T > 0 */
const adam: Handler = (inputs, attributes, context) => {
  const [alpha, beta] = [attributes.float('alpha', 0.9), attributes.float('beta', 0.999)];
  const [epsilon, post] = [attributes.float('epsilon', 1e-6), attributes.float('norm_coefficient_post', 0)];
  return optimizer(2, attributes, inputs, context, ({ rate, count, x, gradient, state: [v, h] }) => {
    const momentum = add(mul(v, alpha), mul(gradient, 1 - alpha));
    const squares = add(mul(h, beta), mul(square(gradient), 1 - beta));
    const isLater = greater(count, 0);
    const exponent = where(isLater, count, 1);
    const correction = div(sqrt(sub(1, pow(beta, exponent))), sub(1, pow(alpha, exponent)));
    const step = mul(rate, where(isLater, correction, 1));
    const moved = sub(x, div(mul(step, momentum), add(sqrt(squares), epsilon)));
    return [post === 0 ? moved : mul(moved, 1 - post), momentum, squares];
  });
};

/** V' = α V + β g (β is 1 in the first step); x' = x - rate V', or, Nesterov's, x - rate (g + α V') */
const momentumHandler: Handler = (inputs, attributes, context) => {
  const [alpha, beta] = [attributes.float('alpha', 0), attributes.float('beta', 0)];
  const mode = attributes.choice<'standard' | 'nesterov'>('mode', ['standard', 'nesterov'], 'standard');
  return optimizer(1, attributes, inputs, context, ({ rate, count, x, gradient, state: [v] }) => {
    const share = where(equal(count, 0), 1, beta);
    const momentum = add(mul(v, alpha), mul(share, gradient));
    const direction = mode === 'nesterov' ? add(gradient, mul(momentum, alpha)) : momentum;
    return [sub(x, mul(rate, direction)), momentum];
  });
};

/** Gradients of the sum of `y` with respect to `xs`; inputs are the values of xs and zs in the graph around. */
const gradient: Handler = (inputs, attributes, context) => {
  const names = attributes.strings('xs') ?? [];
  attributes.strings('zs');
  const y = requireFloat(context.lookUp(attributes.string('y', '')));
  const xs = names.map((name, i) => {
    const value = context.lookUp(name);
    if (inputs.optional(i) !== value)
      throw new GraphError(`input ${i} is not "${name}"; derivatives at other places are not supported`);
    return requireFloat(value);
  });
  const order = (value: Value) => value.layout ?? inOrder(value.rank);
  const tensors = xs.map((value) => value.form(order(value)));
  const loss = y.size === 1 && y.rank === 0 ? y.tensor : sum(y.tensor);
  return grad(loss, tensors, { unused: 'zeros' }).map((each, i) =>
    context.value(xs[i].type, each, order(xs[i])),
  );
};

export const training: Handlers = {
  Dropout: dropoutHandler,
  'ai.onnx.preview.training::Adagrad': adagrad,
  'ai.onnx.preview.training::Adam': adam,
  'ai.onnx.preview.training::Gradient': gradient,
  'ai.onnx.preview.training::Momentum': momentumHandler,
};
