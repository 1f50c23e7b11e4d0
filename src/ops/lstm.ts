import type { Tensor } from '../graph/graph.ts';
import { sigmoid } from './activations.ts';
import { add, mul, sub } from './arithmetic.ts';
import { concat } from './concat.ts';
import { type Activation, clipped, type GateActivation, gateActivation } from './gateActivation.ts';
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
import { directionOf, type UnrolledStep } from './recurrentUnrolled.ts';
import { activationTexts } from './recurrentWgsl.ts';
import { slice } from './slice.ts';
import { sum } from './sum.ts';

// Hochreiter, Schmidhuber: "Long Short-Term Memory", 1997; the forget gate: Gers, Schmidhuber, Cummins, 2000; peepholes: Gers, Schraudolph,
// Schmidhuber, 2002; coupled gates: Greff et al., "LSTM: A Search Space Odyssey", 2015.

/** The activations of the gates, of the candidate, and of the cell on its way out; and the bounds of the cell. */
interface LstmActivations {
  readonly gate: Activation;
  readonly candidate: Activation;
  readonly emitted: Activation;
  readonly bounded: Activation;
}

export interface LstmCellOptions {
  /** Of the gates, of the candidate g, and of the cell state on its way out; default [sigmoid, tanh, tanh]. */
  activations?: readonly [Activation, Activation, Activation];
  /** Bounds what goes into the activations of the gates and of the candidate to [-clip, clip], as ONNX does. */
  clip?: number;
  /** Bounds the cell state to [-cellClip, cellClip], as TensorFlow does. */
  cellClip?: number;
  /** Couples the forget gate to the input gate, f = 1 - i; the weights of f are not used. */
  couple?: boolean;
}

/** Gates i, f, g, o. What is kept: what goes into their activations, and the cell state before the step. */
export function lstmRule(what: string, options: LstmCellOptions, hasPeepholes: boolean): CellRule {
  const functions = activationsOf(what, options);
  const gates: Readonly<Record<keyof LstmActivations, GateActivation>> = {
    gate: gateActivation(what, functions.gate),
    candidate: gateActivation(what, functions.candidate),
    emitted: gateActivation(what, functions.emitted),
    bounded: gateActivation(what, functions.bounded),
  };
  const { gate, candidate, emitted, bounded } = gates;
  const couple = options.couple ?? false;
  const peephole = (p: number, cell: string) => (hasPeepholes ? ` + peephole${p} * ${cell}` : '');
  const cellWgsl = `let inputGate = gate(kept0);
  let forgetGate = ${couple ? 'F(1.0) - inputGate' : 'gate(kept1)'};
  let proposed = candidate(kept2);`;
  const texts = activationTexts(gates);
  return {
    name: 'lstm',
    key: JSON.stringify([couple, hasPeepholes, texts]),
    gates: 4,
    hasCell: true,
    peepholes: hasPeepholes ? 3 : 0,
    kept: 5,
    splitGradient: false,
    forward({ projected: p, recurrent: u, cell, peepholes: [wi = 0, wf = 0, wo = 0] }) {
      const i = p[0] + u[0] + wi * cell;
      const f = p[1] + u[1] + wf * cell;
      const g = p[2] + u[2];
      const forget = couple ? 1 - gate.value(i) : gate.value(f);
      const newCell = bounded.value(forget * cell + gate.value(i) * candidate.value(g));
      const o = p[3] + u[3] + wo * newCell;
      return { hidden: gate.value(o) * emitted.value(newCell), cell: newCell, kept: [i, f, g, o, cell] };
    },
    backward([i, f, g, o, cell], _, [wi = 0, wf = 0, wo = 0], dHidden, dCell) {
      const forget = couple ? 1 - gate.value(i) : gate.value(f);
      const unbounded = forget * cell + gate.value(i) * candidate.value(g);
      const newCell = bounded.value(unbounded);
      const dOutput = dHidden * emitted.value(newCell) * gate.slope(o);
      const dNewCell =
        (dCell + dHidden * gate.value(o) * emitted.slope(newCell) + dOutput * wo) * bounded.slope(unbounded);
      const dInput = dNewCell * (candidate.value(g) - (couple ? cell : 0)) * gate.slope(i);
      const dForget = couple ? 0 : dNewCell * cell * gate.slope(f);
      const projected = [dInput, dForget, dNewCell * gate.value(i) * candidate.slope(g), dOutput];
      return {
        projected,
        recurrent: projected,
        hidden: 0,
        cell: dNewCell * forget + dInput * wi + dForget * wf,
      };
    },
    peepholeGradient: hasPeepholes
      ? (kept, dProjected, hidden) => peepholeGradient(functions, couple, kept, dProjected, hidden)
      : undefined,
    wgsl: {
      functions: texts,
      forward: `let kept0 = p0 + u0${peephole(0, 'cell')};
  let kept1 = p1 + u1${peephole(1, 'cell')};
  let kept2 = p2 + u2;
  ${cellWgsl}
  let newCell = bounded(forgetGate * cell + inputGate * proposed);
  let kept3 = p3 + u3${peephole(2, 'newCell')};
  let kept4 = cell;
  let newHidden = gate(kept3) * emitted(newCell);`,
      backward: `${cellWgsl}
  let unbounded = forgetGate * kept4 + inputGate * proposed;
  let newCell = bounded(unbounded);
  let d3 = dHidden * emitted(newCell) * gateSlope(kept3);
  let dNewCell = (dCell + dHidden * gate(kept3) * emittedSlope(newCell)${peephole(2, 'd3')}) * boundedSlope(unbounded);
  let d0 = dNewCell * (proposed${couple ? ' - kept4' : ''}) * gateSlope(kept0);
  let d1 = ${couple ? 'F()' : 'dNewCell * kept4 * gateSlope(kept1)'};
  let d2 = dNewCell * inputGate * candidateSlope(kept2);
  let newDHidden = F();
  let newDCell = dNewCell * forgetGate${peephole(0, 'd0')}${peephole(1, 'd1')};`,
    },
  };
}

function activationsOf(what: string, { activations, clip, cellClip }: LstmCellOptions): LstmActivations {
  const [gate, candidate, emitted] = activations ?? [sigmoid, tanh, tanh];
  return {
    gate: clipped(what, 'clip', gate, clip),
    candidate: clipped(what, 'clip', candidate, clip),
    emitted,
    bounded: clipped(what, 'cellClip', (x) => x, cellClip),
  };
}

// i = … + wi c, f = … + wf c, o = … + wo c', with c' the cell state after the step  =>  dwi = Σ di c, dwf = Σ df c, dwo = Σ do c'
function peepholeGradient(
  { gate, candidate, bounded }: LstmActivations,
  couple: boolean,
  kept: Tensor,
  dProjected: Tensor,
  hidden: number,
): Tensor {
  const part = (x: Tensor, i: number) => slice(x, { axes: [2], begin: [i * hidden], size: [hidden] });
  const cell = part(kept, 4);
  const input = gate(part(kept, 0));
  const forget = couple ? sub(1, input) : gate(part(kept, 1));
  const newCell = bounded(add(mul(forget, cell), mul(input, candidate(part(kept, 2)))));
  const sums = [
    [part(dProjected, 0), cell],
    [part(dProjected, 1), cell],
    [part(dProjected, 3), newCell],
  ].map(([d, c]) => sum(mul(d, c), { axes: [1] }));
  return concat(sums, 1);
}

export const lstmOp = /* @__PURE__ */ recurrentOp('lstm');

export interface LstmWeights extends RecurrentWeights {
  /** [3 * H]: from the cell state to the gates i, f, o. */
  peepholeWeight?: Tensor;
  /** [H, R]: the hidden state is o tanh(c) times this, of size R; `recurrentWeight` is then [R, 4 * H]. */
  projectionWeight?: Tensor;
}

export interface LstmOptions extends RecurrentOptions, LstmCellOptions {
  /** [layers * directions, B, H]; default 0. */
  initialCellState?: Tensor;
}

export interface LstmResult extends RecurrentResult {
  /** The cell states after the last valid step of each sequence: [layers * directions, B, H]. */
  cellState: Tensor;
}

/**
 * Long short-term memory over a whole sequence, one layer or a stack:
 *
 *     i = σ(W x + U h + b), f = σ(…), g = tanh(…), o = σ(…);  c ← f c + i g;  h ← o tanh(c)
 *
 * x is float32 [T, B, I] ([B, T, I] with `batchFirst`); the weights of a layer are `LstmWeights`, gates in the order i, f, g, o. Forward
 * a layer is two dispatches, the projection W x of all steps and the loop over time; long sequences and large layers take more.
 *
 * ```ts
 * // A classifier of sequences: the last state of each.
 * const { lastOutput } = lstm(x, { weight, recurrentWeight, bias }, { lengths });
 * const logits = linear(lastOutput, outputWeight, outputBias);
 * // A tagger: every step, both directions. The weights have a leading axis of 2.
 * const { output } = lstm(x, bothWays, { direction: 'bidirectional', batchFirst: true }); // [B, T, 2 * H]
 * ```
 *
 * With a projection (Sak, Senior, Beaufays, 2014) the loop is written out in ops, a few dispatches for each step.
 *
 * @throws ShapeError where a weight, a state or the lengths do not fit; GraphError for an unknown direction or activation. Lengths that are
 * fed outside of 0 to T are a FeedError of the run.
 */
export function lstm(
  x: Tensor,
  weights: LstmWeights | readonly LstmWeights[],
  options: LstmOptions = {},
): LstmResult {
  const kind = lstmKind(x.graph.path('lstm'), options);
  return recurrent(kind, x, weights, options, options.initialCellState);
}

/** What the sequence and the single step know of the cell. */
export function lstmKind(what: string, options: LstmCellOptions): RecurrentKind<LstmWeights> {
  return {
    op: lstmOp,
    gateOrder: 'i, f, g, o',
    rule: ({ peepholeWeight }) => lstmRule(what, options, peepholeWeight !== undefined),
    biasOfProduct: false,
    extraShapes: ({ projectionWeight }, hiddenSize, outputSize) => ({
      peepholeWeight: [3 * hiddenSize],
      ...(projectionWeight && { projectionWeight: [hiddenSize, outputSize] }),
    }),
    peepholes: ({ peepholeWeight }) => peepholeWeight,
    needsOps: ({ projectionWeight }) => projectionWeight !== undefined,
    step: (weights) => lstmStep(what, options, weights),
  };
}

/** One step in ops. */
function lstmStep(what: string, options: LstmCellOptions, weights: LstmWeights): UnrolledStep {
  const { gate, candidate, emitted, bounded } = activationsOf(what, options);
  return (projected, { hidden, cell }, d) => {
    const size = cell.shape[1];
    const sums = add(projected, matmul(hidden, directionOf(weights.recurrentWeight, d)));
    const part = (g: number) => slice(sums, { axes: [1], begin: [g * size], size: [size] });
    const seen = (g: number, p: number, state: Tensor) => {
      if (!weights.peepholeWeight) return part(g);
      const peephole = slice(directionOf(weights.peepholeWeight, d), {
        axes: [0],
        begin: [p * size],
        size: [size],
      });
      return add(part(g), mul(state, peephole));
    };
    const input = gate(seen(0, 0, cell));
    const forget = options.couple ? sub(1, input) : gate(seen(1, 1, cell));
    const newCell = bounded(add(mul(forget, cell), mul(input, candidate(part(2)))));
    const out = mul(gate(seen(3, 2, newCell)), emitted(newCell));
    const newHidden = weights.projectionWeight ? matmul(out, directionOf(weights.projectionWeight, d)) : out;
    return { hidden: newHidden, cell: newCell };
  };
}
