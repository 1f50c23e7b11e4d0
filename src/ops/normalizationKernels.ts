import parametersSource from '#shaders/normalizationParameters.wgsl' with { type: 'text' };
import sumsSource from '#shaders/normalizationSums.wgsl' with { type: 'text' };
import type { DType } from '../core/dtype.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { type Binding, type KernelCall, linearGrid, storageType, type Target } from '../graph/kernel.ts';

// What batchNorm and layerNorm share: reductions over all axes but that of the channels.

/** How kernels walk through x as [rows, channels] or [outer, channels, inner], in units of `width` elements. */
export interface ChannelPlan {
  readonly width: 1 | 4;
  readonly channelsLast: boolean;
  /** Numbers of one channel in a unit: 4 where a unit runs along the inner axis. */
  readonly elementsPerRow: number;
  /** WGSL type of a number for each channel, `width` at a time where channels are last. */
  readonly perChannel: string;
  readonly slabs: number;
  readonly slabRows: number;
  readonly columnBlocks: number;
  readonly params: Readonly<
    Record<'columnBlocks' | 'columns' | 'rowLanes' | 'rows' | 'channels' | 'inner', number>
  >;
  /** The step with which a tree over the row lanes begins; 0 where there is but one. */
  readonly tree: number;
  /** Invocations of a workgroup: those that share a column, times the columns side by side. */
  readonly lanes: number;
  /** Rows of a workgroup of the dispatch that follows the reduction, and how many such blocks there are. */
  readonly blockRows: number;
  readonly blocks: number;
}

/** The most slabs into which rows are cut: each invocation of the next dispatch reads the results of all. */
const maximumSlabs = 32;
/** Rows of a slab for each of its lanes, at least: shorter ones are not worth a workgroup and its barriers. */
const leastRowsPerLane = 16;

/** `allowsVec4`: whether what else happens in these dispatches can be done four elements at a time. */
export function channelPlan(shape: Shape, axis: number, allowsVec4: boolean, target: Target): ChannelPlan {
  const lanes = target.barrierLanes;
  const [outer, channels, inner] = [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1))];
  const channelsLast = inner === 1;
  const width = (channelsLast ? channels : inner) % 4 === 0 && allowsVec4 ? 4 : 1;
  const rows = channelsLast ? outer : (outer * inner) / width;
  const units = channelsLast ? channels / width : channels;
  // 32 neighbouring columns are enough for whole memory transactions; the other lanes take further rows.
  const columnBlocks = channelsLast ? Math.ceil(units / 32) : units;
  const columns = Math.ceil(units / columnBlocks);
  const rowLanes = Math.min(Math.floor(lanes / columns), rows);
  const slabs = Math.min(maximumSlabs, Math.max(1, Math.floor(rows / (leastRowsPerLane * rowLanes))));
  const slabRows = Math.ceil(rows / slabs);
  // As many rows for an invocation as it reads partial results, so that these are no more than half of its work.
  const blockRows = rowLanes * Math.max(4, slabs);
  let tree = 1;
  while (tree * 2 < rowLanes) tree *= 2;
  return {
    width,
    channelsLast,
    elementsPerRow: channelsLast ? 1 : width,
    perChannel: storageType('float32', channelsLast ? width : 1),
    slabs: Math.ceil(rows / slabRows),
    slabRows,
    columnBlocks,
    params: {
      columnBlocks,
      columns,
      rowLanes,
      rows,
      channels: units,
      inner: inner / (channelsLast ? 1 : width),
    },
    tree: rowLanes > 1 ? tree : 0,
    lanes,
    blockRows,
    blocks: Math.ceil(rows / blockRows),
  };
}

/** Which statistics belong to an element: those of its channel, or those of its group of channels in its sample. */
export type StatisticsPlan =
  | { readonly kind: 'channel' }
  | {
      readonly kind: 'group';
      readonly samples: number;
      readonly groups: number;
      readonly groupChannels: number;
    };

export interface Sums {
  readonly label: string;
  readonly x: { readonly binding: Binding; readonly dtype: DType };
  readonly dy: { readonly binding: Binding; readonly dtype: DType };
  /** All means, then all inverse standard deviations. */
  readonly statistics: Binding;
  readonly plan: ChannelPlan;
  readonly statisticsPlan: StatisticsPlan;
  /** The sums of dy times the normalised x, and of dy, slab by slab; or for good where there is but one. */
  readonly to: { readonly partials: Binding } | { readonly dScale: Binding; readonly dOffset: Binding };
}

/** Bytes of partial sums. */
export function partialBytes({ slabs, params, channelsLast, width }: ChannelPlan): number {
  return slabs * 2 * params.channels * (channelsLast ? width : 1) * 4;
}

/** One dispatch: per channel the sums of dy, and of dy times the normalised x. */
export function sumsCall({ label, x, dy, statistics, plan, statisticsPlan, to }: Sums): KernelCall {
  const { width, channelsLast, perChannel, params, elementsPerRow } = plan;
  const whole = 'dScale' in to;
  const byChannel = statisticsPlan.kind === 'channel';
  const unit = channelsLast ? width : 1;
  return {
    label,
    source: sumsSource,
    variant: {
      LANES: plan.lanes,
      X: storageType(x.dtype, width),
      DY: storageType(dy.dtype, width),
      F: storageType('float32', width),
      S: perChannel,
      STATISTIC: byChannel ? perChannel : 'f32',
      PER_CHANNEL: byChannel,
      CHANNELS_LAST: channelsLast,
      FOUR_ROWS: elementsPerRow === 4,
      WHOLE: whole,
    },
    params: {
      ...params,
      slabRows: plan.slabRows,
      tree: plan.tree,
      rowsPerSample: byChannel ? 1 : params.rows / statisticsPlan.samples,
      groupChannels: byChannel ? 1 : statisticsPlan.groupChannels / unit,
      groups: byChannel ? 1 : statisticsPlan.groups,
      statistics: byChannel ? params.channels : statisticsPlan.samples * statisticsPlan.groups,
    },
    bindings: [x.binding, dy.binding, statistics, ...(whole ? [to.dScale, to.dOffset] : [to.partials])],
    workgroups: linearGrid(plan.columnBlocks * plan.slabs),
  };
}

/** The second dispatch where nothing else wants the sums: adds up the slabs. */
export function parametersCall(
  label: string,
  plan: ChannelPlan,
  partials: Binding,
  dScale: Binding,
  dOffset: Binding,
): KernelCall {
  return {
    label,
    source: parametersSource,
    variant: { S: plan.perChannel },
    params: { channels: plan.params.channels, slabs: plan.slabs },
    bindings: [dScale, dOffset, partials],
    workgroups: [Math.ceil(plan.params.channels / 64), 1, 1],
  };
}
