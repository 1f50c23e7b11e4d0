import { longestLoop, type Target } from '../graph/kernel.ts';
import type { RecurrentAttrs } from './recurrentLoop.ts';

/**
 * How the loop over time runs. `looped`: a workgroup owns some sequences of one direction and loops over many steps in one dispatch, reading the
 * matrix again at each. `resident`: the same with the matrix in registers. `stepwise`: one dispatch for each step, whose workgroups share the units.
 */
export type Strategy = 'looped' | 'resident' | 'stepwise';

export interface RecurrentPlan {
  readonly strategy: Strategy;
  /** Sequences of one workgroup. */
  readonly rows: number;
  /** Groups of four hidden units of one workgroup, and the workgroups that share all units. */
  readonly quads: number;
  readonly quadTiles: number;
  /** Parts of the inner dimension, each of `sliceLength` rows of the matrix. */
  readonly slices: number;
  readonly sliceLength: number;
  readonly stepsPerDispatch: number;
}

/** The product at each step: `length` rows of a matrix with `blocks` columns for each hidden unit. */
export interface LoopProduct {
  readonly length: number;
  readonly blocks: number;
  /** Words of workgroup memory that a looped kernel keeps for each sequence. */
  readonly wordsPerRow: number;
  /** Whether a step has two products, one after the other: that has no stepwise form. */
  readonly inTwoPhases: boolean;
}

/** Hidden units up to which a step can have two products: one workgroup, four units for each of the 256 invocations that WebGPU grants. */
export const largestInTwoPhases = 1024;

/** Loads of weights in one dispatch up to which no watchdog barks: some 20 ms on a GPU, a second on a CPU. */
const loadsPerDispatch = 2 ** 28;
/** Bytes of the matrix up to which a workgroup has read it again before the next dispatch would begin. */
const loopedBytes = 2 ** 20;

/** How often the words that stay at hand a forced `resident` may want: beyond that, compiling takes minutes. */
const mostRegisters = 4;

/** What a tuner may choose from. */
export const recurrentVariants: readonly Strategy[] = ['looped', 'resident', 'stepwise'];

/**
 * Chooses by size, or as `forced` says: `looped`, `resident`, `stepwise`, or `chunked`, which is `looped` in dispatches of three steps. What does
 * not fit the device's limits runs stepwise, and what has no stepwise form is looped.
 */
export function planRecurrent(
  attrs: RecurrentAttrs,
  product: LoopProduct,
  target: Target,
  forced: string | undefined,
): RecurrentPlan {
  const { hidden, steps, batch, reversed } = attrs;
  const loads = hidden * product.length * product.blocks;
  const { inTwoPhases } = product;
  const looped = forced === 'stepwise' && !inTwoPhases ? null : planLoop(attrs, product, target, forced);
  if (looped) {
    const isSmall = 4 * loads <= loopedBytes;
    // On a CPU a workgroup keeps one core busy: one alone would leave the others idle.
    const workgroups = reversed.length * Math.ceil(batch / looped.rows);
    if (forced || inTwoPhases || isSmall || (!target.fastWorkgroupMemory && workgroups > 1)) {
      const { rows, slices, sliceLength } = looped;
      // Of a step: along the matrix, by four; over rows, to load, compute and store them; over slices, to join them.
      const rounds = (inTwoPhases ? 2 : 1) * (sliceLength / 4 + slices) + 4 * rows + 4;
      const fitting = Math.min(loadsPerDispatch / loads, longestLoop / rounds);
      const most = forced === 'chunked' ? 3 : Math.max(1, Math.floor(fitting));
      return { ...looped, stepsPerDispatch: Math.min(most, steps) };
    }
  }
  // A CPU reads on along the matrix's rows: 64 quads are 1 KiB of each gate.
  const quads = Math.min(Math.ceil(hidden / 4), target.fastWorkgroupMemory ? 16 : 64);
  const slices = target.fastWorkgroupMemory
    ? powerOfTwo(target.barrierLanes / quads, product.length / 16)
    : 1;
  const fitted = withinMemory(Math.min(batch, 4), slices, quads, { ...product, wordsPerRow: 0 }, target);
  return {
    strategy: 'stepwise',
    ...(fitted ?? { rows: 1, slices: 1, sliceLength: product.length }),
    quads,
    quadTiles: Math.ceil(hidden / 4 / quads),
    stepsPerDispatch: 1,
  };
}

function planLoop(
  { hidden, batch, reversed, steps }: RecurrentAttrs,
  product: LoopProduct,
  target: Target,
  forced: string | undefined,
): RecurrentPlan | null {
  const quads = Math.ceil(hidden / 4);
  if (quads > target.limits.invocationsPerWorkgroup) return null;
  const { length, blocks } = product;
  const isGpu = target.fastWorkgroupMemory;
  const sequences = batch * reversed.length;
  const slices = isGpu ? powerOfTwo(target.barrierLanes / quads, length / 4) : 1;
  const weights = 4 * Math.ceil(length / slices) * blocks;
  // For one sequence alone, loading the matrix is nearly all the work: that pays for a longer compilation, though not for that of the backward loop.
  const isAlone = !isGpu && batch === 1 && blocks > 1;
  const times = forced === 'resident' ? mostRegisters : isAlone ? 2 : 1;
  const most = times * target.registerWords;
  const isResident = (forced === undefined || forced === 'resident') && weights <= most;
  const strategy = isResident ? 'resident' : 'looped';
  // A GPU has cores for many workgroups, and each reads the matrix anyway; on a CPU each load should serve many sequences.
  const shared = isGpu ? Math.min(Math.ceil(sequences / 64), 4) : Math.min(Math.ceil(sequences / 2), 8);
  // Each row stands in the program: two of the long rows on the way back take twice as long to compile as one, and are not faster.
  const inRegisters = blocks === 1 && !isGpu ? 1 : 2;
  const rows = Math.min(batch, shared, isResident ? inRegisters : shared);
  const fitted = withinMemory(rows, slices, quads, product, target);
  return fitted && { strategy, ...fitted, quads, quadTiles: 1, stepsPerDispatch: steps };
}

/** Fewer slices, then fewer rows, until the workgroup's memory holds them; null where not even one row fits. */
function withinMemory(rows: number, slices: number, quads: number, product: LoopProduct, target: Target) {
  const { length, blocks, wordsPerRow } = product;
  const words = () => rows * wordsPerRow + (slices - 1) * rows * blocks * quads * 4;
  while (4 * words() > target.limits.workgroupStorageBytes) {
    if (rows > 1 && slices <= 2) rows = Math.ceil(rows / 2);
    else if (slices > 1) slices /= 2;
    else return null;
  }
  return { rows, slices, sliceLength: Math.ceil(length / slices / 4) * 4 };
}

/** The largest power of two that is at most each of `limits`, and at least 1. */
export function powerOfTwo(...limits: number[]): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(Math.min(...limits))));
}
