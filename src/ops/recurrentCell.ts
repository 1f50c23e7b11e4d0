import type { Tensor } from '../graph/graph.ts';

/** One hidden unit of one sequence at one step. */
export interface CellStep {
  /** Its part of W x and the biases, one number for each gate. */
  readonly projected: readonly number[];
  /** Its part of U h, one number for each gate. */
  readonly recurrent: readonly number[];
  /** The states before the step; `cell` is 0 for cells without one. */
  readonly hidden: number;
  readonly cell: number;
  /** Peephole weights of the unit, where the cell has them. */
  readonly peepholes: readonly number[];
}

export interface CellResult {
  readonly hidden: number;
  readonly cell: number;
  /** What the backward pass wants to know of the step. */
  readonly kept: readonly number[];
}

export interface CellGradient {
  readonly projected: readonly number[];
  readonly recurrent: readonly number[];
  /** What reaches the hidden state before the step without going through U. */
  readonly hidden: number;
  readonly cell: number;
}

/**
 * What a cell does between two products of a step: the last gate multiplies its block of U not with h but with a state m that the first
 * gate makes of h. Such a cell has neither a cell state nor peepholes, and its biases are added to W x.
 */
export interface ResetPhase {
  /** m of one unit; of `recurrent`, the last number is not there yet. */
  forward(step: CellStep): number;
  /** From what `CellRule.forward` kept, the state before the step, and dm: the gradient of the first gate, and what reaches the state. */
  backward(
    kept: readonly number[],
    hidden: number,
    dReset: number,
  ): { readonly gate: number; readonly hidden: number };
  readonly wgsl: {
    /** From `p0`…, `u0`… of all gates but the last, and `hidden` to `resetState`. */
    readonly forward: string;
    /** From `kept0`…, `hidden`, `dReset` to `d0` and `dResetHidden`. */
    readonly backward: string;
  };
}

/**
 * What makes one recurrent cell different from another: its equations for one unit, forward and backward, in float64 and in WGSL. The products
 * W x and U h around them are the same for all cells.
 */
export interface CellRule {
  readonly name: string;
  /** Two rules with equal keys do the same. */
  readonly key: string;
  readonly gates: number;
  /** Whether there is a cell state beside the hidden one. */
  readonly hasCell: boolean;
  /** How many peephole weights a unit has; 0 for most cells. */
  readonly peepholes: number;
  /** How many numbers `forward` keeps of a step. The hidden state before the step is kept behind them. */
  readonly kept: number;
  /** Whether the gradient with respect to U h differs from that with respect to W x. */
  readonly splitGradient: boolean;
  /**
   * For cells with two products at each step. The last number that `forward` keeps is then m, and `backward` leaves out the first gate and what
   * reaches h by way of m.
   */
  readonly reset?: ResetPhase;
  forward(step: CellStep): CellResult;
  /** From what `forward` kept, the states before the step, and the gradients that come in. */
  backward(
    kept: readonly number[],
    hidden: number,
    peepholes: readonly number[],
    dHidden: number,
    dCell: number,
  ): CellGradient;
  /** Gradient of the peepholes [D, P H] from what `forward` kept [D, T B, …] and the gradient of W x [D, T B, G H]. */
  peepholeGradient?(kept: Tensor, dProjected: Tensor, hidden: number): Tensor;
  readonly wgsl: {
    /** Functions that the texts call. */
    readonly functions: readonly string[];
    /**
     * The equations over F, which is vec4<f32>: from `p0`…, `u0`…, `hidden`, `cell`, `peephole0`… to `newHidden`, `newCell`, and
     * `kept0`….
     */
    readonly forward: string;
    /**
     * From `kept0`…, `hidden`, `peephole0`…, `dHidden`, `dCell` to `d0`… (W x), `e0`… (U h, where it differs), `newDHidden` and `newDCell`.
     */
    readonly backward: string;
  };
}
