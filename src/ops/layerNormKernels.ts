import source from '#shaders/layerNorm.wgsl' with { type: 'text' };
import gradientSource from '#shaders/layerNormGradient.wgsl' with { type: 'text' };
import {
  type Binding,
  type KernelCall,
  type KernelContext,
  linearGrid,
  storageType,
  type Target,
} from '../graph/kernel.ts';
import { channelPlan, parametersCall, partialBytes, sumsCall } from './normalizationKernels.ts';

/** How x is normalised: as [samples, spatial, groups, groupChannels, inner], over all axes but samples and groups. */
export interface LayerNormAttrs {
  readonly samples: number;
  readonly spatial: number;
  readonly groups: number;
  readonly groupChannels: number;
  readonly inner: number;
  readonly epsilon: number;
  /** Whether the mean is subtracted; not so in rmsNorm. */
  readonly centered: boolean;
}

/** How the rows of one dispatch are shared out, in units of `width` elements. */
function rowPlan(attrs: LayerNormAttrs, allowsVec4: boolean, target: Target) {
  const threads = target.barrierLanes;
  const { samples, spatial, groups, groupChannels, inner } = attrs;
  const width = (inner === 1 ? groupChannels : inner) % 4 === 0 && allowsVec4 ? 4 : 1;
  const rows = samples * groups;
  const run = (groupChannels * inner) / width;
  const length = spatial * run;
  const interleaved = spatial > 1 && groups > 1 && run < 8;
  // Eight units for a lane, fewer where there are few rows. Without quick workgroup memory lanes do not pay for themselves.
  const alone = !target.fastWorkgroupMemory && rows >= 64;
  let lanes = 1;
  while (!alone && lanes < threads && lanes < length && (lanes * 8 < length || rows * lanes < 4096))
    lanes *= 2;
  if (interleaved) lanes = Math.min(lanes, 16);
  const rowsPerWorkgroup = threads / lanes;
  return {
    threads,
    width,
    contiguous: spatial === 1 && inner === 1,
    interleaved,
    perChannel: storageType('float32', inner === 1 ? width : 1),
    params: { rows, groups, length, run, inner: inner === 1 ? 1 : inner / width, lanes, rowsPerWorkgroup },
    workgroups: linearGrid(Math.ceil(rows / rowsPerWorkgroup)),
  } as const;
}

export function layerNormKernels({
  inputs: [x],
  outputs: [y],
  attrs,
  target,
  epilogue,
}: KernelContext<LayerNormAttrs>): KernelCall[] {
  const { threads, width, interleaved, contiguous, perChannel, params, workgroups } = rowPlan(
    attrs,
    epilogue.allowsVec4,
    target,
  );
  return [
    {
      label: 'layerNorm',
      source,
      variant: {
        LANES: threads,
        X: storageType(x.dtype, width),
        S: perChannel,
        Y: storageType(y.dtype, width),
        EPILOGUE: epilogue.text(6, width),
        INTERLEAVED: interleaved,
        CONTIGUOUS: contiguous,
        CENTERED: attrs.centered,
        TREE: params.lanes > 1,
        VEC4: width === 4,
        WIDTH: `${width}.0`,
      },
      params: { ...params, epsilon: attrs.epsilon },
      bindings: [
        { input: 0 },
        { input: 1 },
        { input: 2 },
        { output: 0 },
        { output: 1 },
        ...epilogue.bindings,
      ],
      workgroups,
    },
  ];
}

export function layerNormGradientKernels(context: KernelContext<LayerNormAttrs>): KernelCall[] {
  const { inputs, outputs, attrs, target, epilogue } = context;
  const { threads, width, interleaved, contiguous, perChannel, params, workgroups } = rowPlan(
    attrs,
    epilogue.allowsVec4,
    target,
  );
  return [
    {
      label: 'layerNormGradient',
      source: gradientSource,
      variant: {
        LANES: threads,
        X: storageType(inputs[0].dtype, width),
        DY: storageType(inputs[1].dtype, width),
        S: perChannel,
        DX: storageType(outputs[0].dtype, width),
        EPILOGUE: epilogue.text(6, width),
        INTERLEAVED: interleaved,
        CONTIGUOUS: contiguous,
        CENTERED: attrs.centered,
        TREE: params.lanes > 1,
        VEC4: width === 4,
        WIDTH: `${width}.0`,
      },
      params,
      bindings: [{ input: 0 }, { input: 1 }, { input: 2 }, { input: 3 }, { output: 0 }, ...epilogue.bindings],
      workgroups,
    },
  ];
}

/** One dispatch, or two where the rows are cut into slabs. */
export function layerNormParameterKernels({
  inputs,
  attrs,
  target,
}: KernelContext<LayerNormAttrs>): KernelCall[] {
  const { samples, spatial, groups, groupChannels, inner } = attrs;
  const [x, dy] = inputs;
  const plan = channelPlan(
    [samples * spatial, groups * groupChannels, inner],
    1,
    inner > 1 || groupChannels % 4 === 0,
    target,
  );
  const partials: Binding = { scratch: 'partials', bytes: partialBytes(plan) };
  const [dScale, dOffset]: Binding[] = [{ output: 0 }, { output: 1 }];
  const sums = sumsCall({
    label: 'layerNormParameterGradient/sums',
    x: { binding: { input: 0 }, dtype: x.dtype },
    dy: { binding: { input: 1 }, dtype: dy.dtype },
    statistics: { input: 2 },
    plan,
    statisticsPlan: { kind: 'group', samples, groups, groupChannels },
    to: plan.slabs === 1 ? { dScale, dOffset } : { partials },
  });
  if (plan.slabs === 1) return [sums];
  return [sums, parametersCall('layerNormParameterGradient', plan, partials, dScale, dOffset)];
}
