import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { type ResizeOptions, resize } from '../../src/ops/resize.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

const counted = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

/** Numbers of ONNX' documentation of Resize: input, options, output. */
const documented: Record<string, [shape: number[], options: ResizeOptions, expected: number[]]> = {
  downsample_scales_nearest: [[2, 4], { scales: [0.6, 0.6], coordinates: 'halfPixel' }, [1, 3]],
  downsample_scales_linear: [[2, 4], { scales: [0.6, 0.6], mode: 'linear' }, [2.6666665, 4.3333331]],
  downsample_scales_linear_align_corners: [
    [2, 4],
    { scales: [0.6, 0.6], mode: 'linear', coordinates: 'alignCorners' },
    [1, 3.142857],
  ],
  downsample_scales_linear_antialias: [
    [4, 4],
    { scales: [0.6, 0.6], mode: 'linear', antialias: true },
    [2.875, 4.5, 9.375, 11],
  ],
  downsample_scales_cubic: [
    [4, 4],
    { scales: [0.8, 0.8], mode: 'cubic' },
    [
      1.47119141, 2.78125, 4.08251953, 6.71142578, 8.02148438, 9.32275391, 11.91650391, 13.2265625,
      14.52783203,
    ],
  ],
  downsample_scales_cubic_exclude_outside: [
    [4, 4],
    { scales: [0.8, 0.8], mode: 'cubic', cubicCoefficient: -0.5, excludeOutside: true },
    [1.36812675, 2.6695014, 4.0133367, 6.57362535, 7.875, 9.2188353, 11.94896657, 13.25034122, 14.59417652],
  ],
  upsample_scales_nearest: [
    [2, 2],
    { scales: [2, 3], coordinates: 'halfPixel' },
    [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 3, 3, 3, 4, 4, 4],
  ],
  upsample_scales_linear: [
    [2, 2],
    { scales: [2, 2], mode: 'linear' },
    [1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4],
  ],
  upsample_sizes_nearest_ceil_half_pixel: [
    [4, 4],
    { sizes: [8, 8], axes: [0, 1], rounding: 'ceil' },
    [
      1, 2, 2, 3, 3, 4, 4, 4, 5, 6, 6, 7, 7, 8, 8, 8, 5, 6, 6, 7, 7, 8, 8, 8, 9, 10, 10, 11, 11, 12, 12, 12,
      9, 10, 10, 11, 11, 12, 12, 12, 13, 14, 14, 15, 15, 16, 16, 16, 13, 14, 14, 15, 15, 16, 16, 16, 13, 14,
      14, 15, 15, 16, 16, 16,
    ],
  ],
  tf_crop_and_resize_extrapolation_value: [
    [4, 4],
    {
      sizes: [3, 3],
      mode: 'linear',
      coordinates: 'cropAndResize',
      regions: [
        [0.4, 1.2],
        [0.6, 1.7],
      ],
      extrapolationValue: 10,
    },
    [7.6000004, 10, 10, 12.400001, 10, 10, 10, 10, 10],
  ],
};

checkOp('resize', {
  samples: [
    ...Object.entries(documented).map(
      ([name, [shape, options, expected]]): Sample => ({
        name: `${name}, as ONNX`,
        inputs: [{ shape, values: counted(shape[0] * shape[1]) }],
        build: ([x]) => resize(x, options),
        expected,
      }),
    ),
    {
      name: 'linear, two axes of four, and a square',
      inputs: [{ shape: [2, 5, 7, 3] }],
      build: ([x]) => {
        const y = resize(x, { axes: [1, 2], sizes: [9, 4], mode: 'linear' });
        return mul(y, y);
      },
    },
    {
      name: 'cubic with antialias, larger and smaller',
      inputs: [{ shape: [17, 3] }],
      build: ([x]) => resize(x, { sizes: [5, 8], mode: 'cubic', antialias: true }),
    },
    {
      name: 'nearest of int32',
      inputs: [{ shape: [5, 3], dtype: 'int32' }],
      build: ([x]) => resize(x, { scales: [2, 1.5], coordinates: 'asymmetric', rounding: 'floor' }),
    },
    {
      name: 'float16',
      inputs: [{ shape: [5, 3], dtype: 'float16' }],
      build: ([x]) => resize(x, { sizes: [3, 3], mode: 'linear', coordinates: 'alignCorners' }),
    },
  ],
  errors: [
    {
      name: 'neither sizes nor scales',
      build: (graph) => resize(graph.input('x', [2, 3]), {}),
      error: ShapeError,
      message: /^resize: give sizes or scales/,
    },
    {
      name: 'one scale for two axes',
      build: (graph) => resize(graph.input('x', [2, 3]), { scales: [2] }),
      error: ShapeError,
      message: /scales must have 2 entries, one for each axis, got 1/,
    },
    {
      name: 'nothing left',
      build: (graph) => resize(graph.input('x', [2, 3]), { scales: [0.4, 1] }),
      error: ShapeError,
      message: /axis 0 of \[2, 3\] cannot become 0 long \(scale 0.4\)/,
    },
    {
      name: 'integers mixed',
      build: (graph) => resize(graph.input('x', [2], 'int32'), { sizes: [4], mode: 'linear' }),
      error: DTypeError,
      message: /expected float32 or float16, got int32; use cast/,
    },
  ],
});
