import { GraphError } from '../../core/errors.ts';
import type { Tensor } from '../../graph/graph.ts';
import { cast } from '../../ops/comparison.ts';
import { type ResizeCoordinates, type ResizeOptions, type ResizeRounding, resize } from '../../ops/resize.ts';
import { axisOf, type Context, checkCount, type Handler, type Handlers, type Inputs } from '../handler.ts';
import { inOrder, type Value } from '../value.ts';

type Mode = 'nearest' | 'linear' | 'cubic';

const coordinateNames: Readonly<Record<string, ResizeCoordinates>> = {
  half_pixel: 'halfPixel',
  half_pixel_symmetric: 'halfPixelSymmetric',
  pytorch_half_pixel: 'pytorchHalfPixel',
  align_corners: 'alignCorners',
  asymmetric: 'asymmetric',
  tf_half_pixel_for_nn: 'tfHalfPixelForNearest',
  tf_crop_and_resize: 'cropAndResize',
};

const roundingNames: Readonly<Record<string, ResizeRounding>> = {
  round_prefer_floor: 'roundPreferFloor',
  round_prefer_ceil: 'roundPreferCeil',
  floor: 'floor',
  ceil: 'ceil',
};

/** The name's entry; throws where there is none. */
function named<T>(names: Readonly<Record<string, T>>, attribute: string, given: string): T {
  const found = Object.entries(names).find(([name]) => name === given);
  if (!found)
    throw new GraphError(
      `attribute ${attribute} is "${given}", expected one of ${Object.keys(names).join(', ')}`,
    );
  return found[1];
}

/** Resizes in whatever order the axes lie in memory; integers are rounded by way of float32. */
function resized(context: Context, x: Value, options: ResizeOptions): Value {
  const order = x.layout ?? inOrder(x.rank);
  const given = options.axes ?? inOrder(x.rank);
  given.forEach((axis, i) => {
    checkCount(
      'elements of an axis',
      options.sizes?.[i] ?? Math.floor(x.shape[axis] * (options.scales?.[i] ?? 1)),
    );
  });
  const axes = given.map((axis) => order.indexOf(axis));
  const make = (tensor: Tensor) => resize(tensor, { ...options, axes });
  const tensor = x.form(order);
  const isExact = tensor.dtype === 'float32' || options.mode === 'nearest';
  return context.value(
    x.type,
    isExact ? make(tensor) : cast(make(cast(tensor, 'float32')), tensor.dtype),
    order,
  );
}

function numbersAt(inputs: Inputs, index: number, what: string, context: Context): number[] | undefined {
  const value = inputs.optional(index);
  return value && !value.isEmpty ? context.numbers(value, what) : undefined;
}

const resizeHandler: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  if (context.opset < 11) return upsample(inputs, attributes, context);
  const mode = attributes.choice<Mode>('mode', ['nearest', 'linear', 'cubic'], 'nearest');
  const policy = attributes.string('keep_aspect_ratio_policy', 'stretch');
  const axes = (attributes.ints('axes') ?? inOrder(x.rank)).map((axis) => axisOf(x, axis));
  const coordinates = named(
    coordinateNames,
    'coordinate_transformation_mode',
    attributes.string('coordinate_transformation_mode', 'half_pixel'),
  );
  const rounding = named(
    roundingNames,
    'nearest_mode',
    attributes.string('nearest_mode', 'round_prefer_floor'),
  );
  const options = {
    axes,
    mode,
    coordinates,
    rounding,
    cubicCoefficient: attributes.float('cubic_coeff_a', -0.75),
    excludeOutside: attributes.flag('exclude_outside'),
    antialias: attributes.flag('antialias'),
    extrapolationValue: attributes.float('extrapolation_value', 0),
  };
  const isCrop = coordinates === 'cropAndResize';
  const roi = isCrop ? numbersAt(inputs, 1, 'roi', context) : undefined;
  const regions = roi && axes.map((_, i) => [roi[i], roi[i + axes.length]] as const);
  const scales = numbersAt(inputs, 2, 'scales', context);
  const sizes = numbersAt(inputs, 3, 'sizes', context);
  if (!sizes) return resized(context, x, { ...options, scales, regions });
  const lengths = axes.map((axis) => x.shape[axis]);
  if (policy === 'stretch') return resized(context, x, { ...options, sizes, regions });
  const factors = sizes.map((size, i) => size / lengths[i]);
  const factor = named(
    { not_larger: Math.min, not_smaller: Math.max },
    'keep_aspect_ratio_policy',
    policy,
  )(...factors);
  const fitted = lengths.map((length) => Math.floor(factor * length + 0.5));
  return resized(context, x, { ...options, sizes: fitted, scales: lengths.map(() => factor), regions });
};

/** `Upsample`, and `Resize` before opset 11: places are j / scale, rounded down. */
const upsample: Handler = (inputs, attributes, context) => {
  const x = inputs.get(0);
  const mode = attributes.choice<Mode | 'bilinear'>('mode', ['nearest', 'linear', 'bilinear'], 'nearest');
  const scales =
    attributes.floats('scales') ??
    (attributes.has('height_scale')
      ? [1, 1, attributes.float('height_scale', 1), attributes.float('width_scale', 1)]
      : numbersAt(inputs, 1, 'scales', context));
  if (!scales) throw new GraphError('scales are missing');
  const options = { scales, coordinates: 'asymmetric', rounding: 'floor' } as const;
  return resized(context, x, { ...options, mode: mode === 'bilinear' ? 'linear' : mode });
};

export const resizes: Handlers = { Resize: resizeHandler, Upsample: upsample };
