import { showShape } from '../core/shape.ts';
import type { TensorSpec } from '../graph/kernel.ts';

/** What one program costs. */
export interface Cost {
  /** Floating-point operations of one run. */
  readonly flops: number;
  /** Kernels that one run starts. */
  readonly dispatches: number;
  /** Bytes of what the kernels write and later ones read. */
  readonly activationBytes: number;
}

/** One layer. Its costs are those of the ops directly in it, without the layers in it, so that rows add up. */
export interface SummaryRow {
  /** Such as `network/block2/conv`. */
  readonly path: string;
  readonly kind: string;
  /** How many layers it lies in. */
  readonly depth: number;
  readonly outputs: readonly TensorSpec[];
  /** How many numbers it has learnt, and how many of them are still to be trained. */
  readonly parameters: number;
  readonly trainableParameters: number;
  /** How many times the model calls it. Costs are those of all calls. */
  readonly calls: number;
  readonly inference: Cost;
  /** Forward and backward, without loss and optimizer; null where the model has nothing to train. */
  readonly training: Cost | null;
}

export interface Total extends Cost {
  /** Device memory for `activationBytes` when values that do not live at the same time share it. */
  readonly memoryBytes: number;
}

export interface Summary {
  readonly rows: readonly SummaryRow[];
  readonly parameters: number;
  readonly trainableParameters: number;
  readonly inference: Total;
  readonly training: Total | null;
  /** All of it as text, for a terminal. */
  readonly table: string;
}

/** Rows of text: what is counted in both programs stands as `inference / training`. */
export function tableOf({
  rows,
  parameters,
  trainableParameters,
  inference,
  training,
}: Omit<Summary, 'table'>): string {
  const both = <Some extends Cost>(show: (cost: Some) => string, own: Some, other: Some | null) =>
    other ? `${show(own)} / ${show(other)}` : show(own);
  const line = (own: Cost, other: Cost | null) => [
    both((cost) => showUnits(cost.activationBytes, 'B'), own, other),
    both((cost) => showUnits(cost.flops, ''), own, other),
    both((cost) => `${cost.dispatches}`, own, other),
  ];
  const cells = [
    ['layer', 'kind', 'output', 'parameters', 'activations', 'FLOPs', 'dispatches'],
    ...rows.map((row) => [
      `${'  '.repeat(row.depth)}${row.depth === 0 ? row.path : row.path.slice(row.path.lastIndexOf('/') + 1)}${row.calls > 1 ? ` (${row.calls} calls)` : ''}`,
      row.kind,
      row.outputs
        .map(({ shape, dtype }) => `${dtype === 'float32' ? '' : `${dtype} `}${showShape(shape)}`)
        .join(' '),
      `${showCount(row.parameters)}${row.trainableParameters < row.parameters ? ' (frozen)' : ''}`,
      ...line(row.inference, row.training),
    ]),
    ['total', '', '', showCount(parameters), ...line(inference, training)],
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => (i < 3 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
  const rule = '-'.repeat(Math.max(...lines.map((text) => text.length)));
  const memory = both((cost) => showUnits(cost.memoryBytes, 'B'), inference, training);
  const frozen = parameters - trainableParameters;
  return [
    lines[0],
    rule,
    ...lines.slice(1, -1),
    rule,
    lines[lines.length - 1],
    `memory for activations, shared: ${memory}${training ? ' (inference / training)' : ''}`,
    ...(frozen > 0 ? [`frozen: ${showCount(frozen)} of ${showCount(parameters)} parameters`] : []),
  ].join('\n');
}

function showCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 1234567 as `1.23 M`, with decimal prefixes. */
function showUnits(value: number, unit: string): string {
  const step = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(1, value * 1.0005)) / 3)));
  const scaled = value / 1000 ** step;
  const prefix = ['', 'k', 'M', 'G', 'T'][step];
  const digits = step === 0 ? `${value}` : scaled.toPrecision(3);
  return prefix + unit === '' ? digits : `${digits} ${prefix}${unit}`;
}
