import type { Tensor, Variable } from '../graph/graph.ts';
import { add } from '../ops/arithmetic.ts';
import {
  type CallContext,
  callContext,
  graphOf,
  type Layer,
  type LayerCall,
  type LayerOptions,
  makeLayer,
  type Tensors,
} from './layer.ts';

/** What one call of a model gave. */
export interface Forward<Output = Tensor> {
  readonly output: Output;
  /** Parameters that the call used and that are not frozen, in the order of use: `optimizer.minimize(loss, parameters)`. */
  readonly parameters: readonly Variable[];
  /** All variables that the call used, running statistics and frozen parameters included: what a checkpoint holds. */
  readonly variables: readonly Variable[];
  /** New running statistics, for `compile({ updates })` together with those of the optimizer. Empty without training. */
  readonly updates: readonly (readonly [Variable, Tensor])[];
  /** The calls of all layers, inner ones first: what `fromTorch` and `summary` go by. */
  readonly calls: readonly LayerCall[];
  /** The sum of all regularisation, to be added to the loss; null where there is none. */
  readonly penalty: Tensor | null;
}

export interface ForwardOptions {
  /** Whether dropout drops and batch normalisation uses the statistics of the batch; default false. */
  training?: boolean;
}

/**
 * Calls a model once. Every call in one graph uses the same variables, so that programs for training, evaluation and prediction can have
 * batch sizes of their own.
 *
 * ```ts
 * const train = forward(network, graph.input('x', [64, 784]), { training: true });
 * const loss = softmaxCrossEntropy(train.output, labels);
 * const step = await device.compile({
 *   outputs: { loss },
 *   updates: [...train.updates, ...adam({ learningRate: 1e-3 }).minimize(loss, train.parameters)],
 * });
 * const { output } = forward(network, graph.input('one', [1, 784])); // the same weights
 * ```
 *
 * @throws ShapeError where a layer cannot take what comes to it; the message begins with the layer's path.
 */
export function forward<Input extends Tensors, Output>(
  model: Layer<Input, Output>,
  input: Input,
  options: ForwardOptions = {},
): Forward<Output> {
  const calls: LayerCall[] = [];
  const { training } = options;
  const context = callContext(graphOf('forward', input), { training, onCall: (call) => calls.push(call) });
  const output = model.call(input, context);
  const penalties = [...context.penalties.values()];
  return {
    output,
    parameters: [...context.parameters],
    variables: [...context.variables],
    updates: [...context.updates],
    calls,
    penalty: penalties.length > 0 ? penalties.reduce((total, penalty) => add(total, penalty)) : null,
  };
}

/**
 * A model, or a part of one, that a plain function describes: branches, residual connections, several inputs and outputs. Layers are made
 * outside of the function, once, and called inside.
 *
 * ```ts
 * const [first, second] = [conv2d(16, 3, { padding: 'same' }), conv2d(16, 3, { padding: 'same' })];
 * const block = model((x: Tensor, context) => relu(add(x, second.call(relu(first.call(x, context)), context))), { name: 'block' });
 * ```
 */
export function model<Input extends Tensors = Tensor, Output extends Tensors = Tensor>(
  body: (x: Input, context: CallContext) => Output,
  options: Omit<LayerOptions, 'initializers' | 'regularizers'> = {},
): Layer<Input, Output> {
  return makeLayer('model', options, body);
}
