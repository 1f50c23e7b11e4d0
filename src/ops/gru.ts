import type { Tensor } from '../graph/graph.ts';
import { sigmoid } from './activations.ts';
import { add, mul, sub } from './arithmetic.ts';
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
import { largestInTwoPhases } from './recurrentPlan.ts';
import { directionOf, type UnrolledStep } from './recurrentUnrolled.ts';
import { activationTexts } from './recurrentWgsl.ts';
import { slice } from './slice.ts';

// Cho et al.: "Learning Phrase Representations using RNN Encoder-Decoder", 2014; with the reset gate behind the product, as cuDNN has it.

export interface GruCellOptions {
  /** Of the gates and of the candidate n; default [sigmoid, tanh]. */
  activations?: readonly [Activation, Activation];
  /** Bounds what goes into the activations to [-clip, clip], as ONNX does. */
  clip?: number;
  /**
   * Where the reset gate acts: on the product, n = tanh(W x + b + r (U h + c)), as in PyTorch, cuDNN and Keras (default); or on the state,
   * n = tanh(W x + b + U (r h) + c), as in the paper and, by default, in ONNX.
   */
  resetAfter?: boolean;
}

/** The rule for the reset gate's place. */
export function gruRule(what: string, options: GruCellOptions): CellRule {
  return (options.resetAfter ?? true) ? resetAfterRule(what, options) : resetBeforeRule(what, options);
}

/**
 * Gates r, z, n, the reset gate behind the product: n = g(W x + r (U h)). What is kept: what goes into their activations, and
 * U h of the candidate.
 */
function resetAfterRule(what: string, options: GruCellOptions): CellRule {
  const functions = activationsOf(what, options);
  const gate = gateActivation(what, functions.gate);
  const candidate = gateActivation(what, functions.candidate);
  const texts = activationTexts({ gate, candidate });
  return {
    name: 'gru',
    key: JSON.stringify(texts),
    gates: 3,
    hasCell: false,
    peepholes: 0,
    kept: 4,
    splitGradient: true,
    forward({ projected: p, recurrent: u, hidden }) {
      const r = p[0] + u[0];
      const z = p[1] + u[1];
      const n = p[2] + gate.value(r) * u[2];
      const update = gate.value(z);
      return {
        hidden: (1 - update) * candidate.value(n) + update * hidden,
        cell: 0,
        kept: [r, z, n, u[2]],
      };
    },
    backward([r, z, n, product], hidden, _, dHidden) {
      const update = gate.value(z);
      const dn = dHidden * (1 - update) * candidate.slope(n);
      const dz = dHidden * (hidden - candidate.value(n)) * gate.slope(z);
      const dr = dn * product * gate.slope(r);
      return {
        projected: [dr, dz, dn],
        recurrent: [dr, dz, dn * gate.value(r)],
        hidden: dHidden * update,
        cell: 0,
      };
    },
    wgsl: {
      functions: texts,
      forward: `let kept0 = p0 + u0;
  let kept1 = p1 + u1;
  let kept2 = p2 + gate(kept0) * u2;
  let kept3 = u2;
  let update = gate(kept1);
  let newHidden = (F(1.0) - update) * candidate(kept2) + update * hidden;
  let newCell = F();`,
      backward: `let update = gate(kept1);
  let d2 = dHidden * (F(1.0) - update) * candidateSlope(kept2);
  let d1 = dHidden * (hidden - candidate(kept2)) * gateSlope(kept1);
  let d0 = d2 * kept3 * gateSlope(kept0);
  let e0 = d0;
  let e1 = d1;
  let e2 = d2 * gate(kept0);
  let newDHidden = dHidden * update;
  let newDCell = F();`,
    },
  };
}

/**
 * Gates r, z, n, the reset gate before the product: m = r h, n = g(W x + U m). What is kept: what goes into their activations, and m.
 */
function resetBeforeRule(what: string, options: GruCellOptions): CellRule {
  const functions = activationsOf(what, options);
  const gate = gateActivation(what, functions.gate);
  const candidate = gateActivation(what, functions.candidate);
  const texts = activationTexts({ gate, candidate });
  return {
    name: 'gru',
    key: JSON.stringify(['resetBefore', texts]),
    gates: 3,
    hasCell: false,
    peepholes: 0,
    kept: 4,
    splitGradient: false,
    forward({ projected: p, recurrent: u, hidden }) {
      const r = p[0] + u[0];
      const z = p[1] + u[1];
      const n = p[2] + u[2];
      const update = gate.value(z);
      return {
        hidden: (1 - update) * candidate.value(n) + update * hidden,
        cell: 0,
        kept: [r, z, n, gate.value(r) * hidden],
      };
    },
    backward([, z, n], hidden, _, dHidden) {
      const update = gate.value(z);
      const dn = dHidden * (1 - update) * candidate.slope(n);
      const dz = dHidden * (hidden - candidate.value(n)) * gate.slope(z);
      return { projected: [0, dz, dn], recurrent: [0, dz, dn], hidden: dHidden * update, cell: 0 };
    },
    reset: {
      forward: ({ projected: p, recurrent: u, hidden }) => gate.value(p[0] + u[0]) * hidden,
      backward: ([r], hidden, dReset) => ({
        gate: dReset * hidden * gate.slope(r),
        hidden: dReset * gate.value(r),
      }),
      wgsl: {
        forward: 'let resetState = gate(p0 + u0) * hidden;',
        backward: `let d0 = dReset * hidden * gateSlope(kept0);
  let dResetHidden = dReset * gate(kept0);`,
      },
    },
    wgsl: {
      functions: texts,
      forward: `let kept0 = p0 + u0;
  let kept1 = p1 + u1;
  let kept2 = p2 + u2;
  let kept3 = gate(kept0) * hidden;
  let update = gate(kept1);
  let newHidden = (F(1.0) - update) * candidate(kept2) + update * hidden;`,
      backward: `let update = gate(kept1);
  let d2 = dHidden * (F(1.0) - update) * candidateSlope(kept2);
  let d1 = dHidden * (hidden - candidate(kept2)) * gateSlope(kept1);
  let newDHidden = dHidden * update;`,
    },
  };
}

function activationsOf(what: string, { activations, clip }: GruCellOptions) {
  const [gate, candidate] = activations ?? [sigmoid, tanh];
  return { gate: clipped(what, 'clip', gate, clip), candidate: clipped(what, 'clip', candidate, clip) };
}

export const gruOp = /* @__PURE__ */ recurrentOp('gru');

export interface GruOptions extends RecurrentOptions, GruCellOptions {}

/**
 * Gated recurrent units over a whole sequence, one layer or a stack:
 *
 *     r = σ(W x + U h + b), z = σ(…), n = tanh(W x + b + r (U h + c));  h ← (1 - z) n + z h
 *
 * x is float32 [T, B, I] ([B, T, I] with `batchFirst`); the weights of a layer are `RecurrentWeights`, gates in the order r, z, n. Forward a
 * layer is two dispatches, the projection W x of all steps and the loop over time; long sequences and large layers take more. With
 * `resetAfter: false`, n = tanh(W x + b + U (r h) + c), and above 1024 hidden units that loop is written out in ops, a few dispatches for each
 * step.
 *
 * ```ts
 * const { output, hiddenState } = gru(x, { weight, recurrentWeight, bias, recurrentBias }, { initialHiddenState });
 * ```
 *
 * @throws ShapeError where a weight, a state or the lengths do not fit; GraphError for an unknown direction or activation. Lengths that are
 * fed outside of 0 to T are a FeedError of the run.
 */
export function gru(
  x: Tensor,
  weights: RecurrentWeights | readonly RecurrentWeights[],
  options: GruOptions = {},
): RecurrentResult {
  const kind = gruKind(x.graph.path('gru'), options);
  const { output, hiddenState, lastOutput } = recurrent(kind, x, weights, options);
  return { output, hiddenState, lastOutput };
}

/** What the sequence and the single step know of the cell. */
export function gruKind(what: string, options: GruCellOptions): RecurrentKind<RecurrentWeights> {
  const { resetAfter = true } = options;
  return {
    op: gruOp,
    gateOrder: 'r, z, n',
    rule: () => gruRule(what, options),
    biasOfProduct: resetAfter,
    needsOps: (_, hiddenSize) => !resetAfter && hiddenSize > largestInTwoPhases,
    step: (weights) => gruStep(what, options, resetAfter, weights),
  };
}

/** One step in ops. */
function gruStep(
  what: string,
  options: GruCellOptions,
  resetAfter: boolean,
  weights: RecurrentWeights,
): UnrolledStep {
  const { gate, candidate } = activationsOf(what, options);
  return (projected, { hidden, cell }, d) => {
    const size = hidden.shape[1];
    const part = (tensor: Tensor, g: number, gates = 1) =>
      slice(tensor, { axes: [tensor.rank - 1], begin: [g * size], size: [gates * size] });
    const u = directionOf(weights.recurrentWeight, d);
    let proposed: Tensor;
    let update: Tensor;
    if (resetAfter) {
      const product = matmul(hidden, u);
      const biased = weights.recurrentBias ? add(product, directionOf(weights.recurrentBias, d)) : product;
      const reset = gate(add(part(projected, 0), part(biased, 0)));
      update = gate(add(part(projected, 1), part(biased, 1)));
      proposed = candidate(add(part(projected, 2), mul(reset, part(biased, 2))));
    } else {
      const sums = add(part(projected, 0, 2), matmul(hidden, part(u, 0, 2)));
      update = gate(part(sums, 1));
      proposed = candidate(add(part(projected, 2), matmul(mul(gate(part(sums, 0)), hidden), part(u, 2))));
    }
    return { hidden: add(mul(sub(1, update), proposed), mul(update, hidden)), cell };
  };
}
