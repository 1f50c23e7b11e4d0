import type { Tensor } from '../graph/graph.ts';
import { add } from './arithmetic.ts';
import { type Activation, clipped, gateActivation } from './gateActivation.ts';
import { tanh } from './math.ts';
import { matmul } from './matmul.ts';
import {
  type RecurrentKind,
  type RecurrentOptions,
  type RecurrentResult,
  type RecurrentWeights,
  recurrent,
} from './recurrent.ts';
import type { CellRule } from './recurrentCell.ts';
import { recurrentOp } from './recurrentOp.ts';
import { directionOf } from './recurrentUnrolled.ts';
import { activationTexts } from './recurrentWgsl.ts';

// Elman: "Finding Structure in Time", 1990.

export interface RnnCellOptions {
  /** Default tanh. */
  activation?: Activation;
  /** Bounds what goes into the activation to [-clip, clip], as ONNX does. */
  clip?: number;
}

/** One gate: h = f(W x + U h). What is kept: what goes into the activation. */
export function rnnRule(what: string, { activation = tanh, clip }: RnnCellOptions): CellRule {
  const gate = gateActivation(what, clipped(what, 'clip', activation, clip));
  const texts = activationTexts({ gate });
  return {
    name: 'rnn',
    key: JSON.stringify(texts),
    gates: 1,
    hasCell: false,
    peepholes: 0,
    kept: 1,
    splitGradient: false,
    forward({ projected: [p], recurrent: [u] }) {
      return { hidden: gate.value(p + u), cell: 0, kept: [p + u] };
    },
    backward([a], _, __, dHidden) {
      const da = dHidden * gate.slope(a);
      return { projected: [da], recurrent: [da], hidden: 0, cell: 0 };
    },
    wgsl: {
      functions: texts,
      forward: `let kept0 = p0 + u0;
  let newHidden = gate(kept0);
  let newCell = F();`,
      backward: `let d0 = dHidden * gateSlope(kept0);
  let newDHidden = F();
  let newDCell = F();`,
    },
  };
}

export const rnnOp = /* @__PURE__ */ recurrentOp('rnn');

export interface RnnOptions extends RecurrentOptions, RnnCellOptions {}

/**
 * A plain recurrent layer over a whole sequence, or a stack of them: h ← f(W x + U h + b), f = tanh or another activation.
 *
 * x is float32 [T, B, I] ([B, T, I] with `batchFirst`); the weights of a layer are `RecurrentWeights`. Forward a layer is two dispatches, the
 * projection W x of all steps and the loop over time; long sequences and large layers take more.
 *
 * ```ts
 * const { output } = rnn(x, [first, second], { activation: relu }); // two layers
 * ```
 *
 * @throws ShapeError where a weight, a state or the lengths do not fit; GraphError for an unknown direction or activation. Lengths that are
 * fed outside of 0 to T are a FeedError of the run.
 */
export function rnn(
  x: Tensor,
  weights: RecurrentWeights | readonly RecurrentWeights[],
  options: RnnOptions = {},
): RecurrentResult {
  const kind = rnnKind(x.graph.path('rnn'), options);
  const { output, hiddenState, lastOutput } = recurrent(kind, x, weights, options);
  return { output, hiddenState, lastOutput };
}

/** What the sequence and the single step know of the cell. */
export function rnnKind(what: string, options: RnnCellOptions): RecurrentKind<RecurrentWeights> {
  const activation = clipped(what, 'clip', options.activation ?? tanh, options.clip);
  return {
    op: rnnOp,
    gateOrder: 'one',
    rule: () => rnnRule(what, options),
    biasOfProduct: false,
    needsOps: () => false,
    step:
      ({ recurrentWeight }) =>
      (projected, { hidden, cell }, d) => {
        const product = matmul(hidden, directionOf(recurrentWeight, d));
        return { hidden: activation(add(projected, product)), cell };
      },
  };
}
