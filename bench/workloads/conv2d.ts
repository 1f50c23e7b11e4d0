import type { TypedArray } from '../page/contender.ts';
import { fill, sampleIndices, type Workload } from './workload.ts';

/**
 * Convolution with 'same' padding (the odd pixel at the bottom and right), or one of its gradients.
 * inputs  x [N, H, W, C], filter [k, k, C, O] (depthwise: [k, k, C, 1]), dy [N, H/stride, W/stride, O]
 * outputs forward: y; inputGradient: dx; filterGradient: dFilter
 */
export interface Conv2dSpec {
  readonly part: 'forward' | 'inputGradient' | 'filterGradient';
  readonly batch: number;
  readonly size: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly filterSize: number;
  readonly stride: number;
  readonly depthwise: boolean;
}

type Form = Omit<Conv2dSpec, 'part'>;

const plain = { batch: 1, stride: 1, depthwise: false };
const forms: Readonly<Record<string, Form>> = {
  '56x56x64-3x3': { ...plain, size: 56, inChannels: 64, outChannels: 64, filterSize: 3 },
  '56x56x64-3x3-N32': { ...plain, batch: 32, size: 56, inChannels: 64, outChannels: 64, filterSize: 3 },
  '56x56x64-1x1': { ...plain, size: 56, inChannels: 64, outChannels: 64, filterSize: 1 },
  '56x56x64-3x3-stride2': { ...plain, size: 56, inChannels: 64, outChannels: 64, filterSize: 3, stride: 2 },
  '112x112x64-depthwise': {
    ...plain,
    size: 112,
    inChannels: 64,
    outChannels: 64,
    filterSize: 3,
    depthwise: true,
  },
  '224x224x3-7x7-stride2': { ...plain, size: 224, inChannels: 3, outChannels: 64, filterSize: 7, stride: 2 },
};

const parts = ['forward', 'inputGradient', 'filterGradient'] as const;

export const workloads: Workload<Conv2dSpec>[] = Object.entries(forms).flatMap(([name, form]) =>
  parts.map((part) => conv2d(part === 'forward' ? name : `${name}-${part}`, { ...form, part })),
);

function conv2d(name: string, spec: Conv2dSpec): Workload<Conv2dSpec> {
  const { batch, size, inChannels, outChannels, filterSize, stride, depthwise, part } = spec;
  const outSize = size / stride;
  const perFilter = depthwise ? 1 : inChannels;
  const filterCount = filterSize ** 2 * perFilter * outChannels;
  const xCount = batch * size ** 2 * inChannels;
  const yCount = batch * outSize ** 2 * outChannels;
  return {
    name: `conv2d-${name}`,
    spec,
    default: true,
    goal: part === 'forward' ? 2 : 3,
    flops: 2 * yCount * filterSize ** 2 * perFilter,
    bytes: 4 * (filterCount + xCount + yCount),
    inputs: () => ({ x: fill(xCount, 1), filter: fill(filterCount, 2), dy: fill(yCount, 3) }),
    async reference(inputs) {
      const output = { forward: 'y', inputGradient: 'dx', filterGradient: 'dFilter' }[part];
      const count = { forward: yCount, inputGradient: xCount, filterGradient: filterCount }[part];
      const element = { forward: pixelOf, inputGradient: inputGradientOf, filterGradient: filterGradientOf }[
        part
      ];
      const samples = sampleIndices(count).map((index) => element(spec, inputs, index));
      return { [output]: { size: count, samples } };
    },
  };
}

type Inputs = Record<string, TypedArray>;

/** What TensorFlow's 'same' puts at the top and left. */
const before = ({ size, stride, filterSize }: Form) =>
  Math.floor(Math.max(0, (size / stride - 1) * stride + filterSize - size) / 2);

/** Index into the filter; channel c of x, o of y. */
const filterIndex = (
  { filterSize, inChannels, outChannels, depthwise }: Form,
  u: number,
  v: number,
  c: number,
  o: number,
) =>
  depthwise
    ? (u * filterSize + v) * inChannels + c
    : ((u * filterSize + v) * inChannels + c) * outChannels + o;

/** index = [.., .., .., last] as four numbers. */
function unravel(
  index: number,
  second: number,
  third: number,
  last: number,
): [number, number, number, number] {
  const rest = Math.floor(index / last);
  const rows = Math.floor(rest / third);
  return [Math.floor(rows / second), rows % second, rest % third, index % last];
}

function pixelOf(spec: Conv2dSpec, { x, filter }: Inputs, index: number): number {
  const { size, stride, inChannels, outChannels, filterSize, depthwise } = spec;
  const outSize = size / stride;
  const [n, row, column, o] = unravel(index, outSize, outSize, outChannels);
  let sum = 0;
  for (let u = 0; u < filterSize; u++) {
    for (let v = 0; v < filterSize; v++) {
      const i = row * stride + u - before(spec);
      const j = column * stride + v - before(spec);
      if (i < 0 || j < 0 || i >= size || j >= size) continue;
      for (let c = depthwise ? o : 0; c < (depthwise ? o + 1 : inChannels); c++)
        sum += x[((n * size + i) * size + j) * inChannels + c] * filter[filterIndex(spec, u, v, c, o)];
    }
  }
  return sum;
}

function inputGradientOf(spec: Conv2dSpec, { filter, dy }: Inputs, index: number): number {
  const { size, stride, inChannels, outChannels, filterSize, depthwise } = spec;
  const outSize = size / stride;
  const [n, i, j, c] = unravel(index, size, size, inChannels);
  let sum = 0;
  for (let u = 0; u < filterSize; u++) {
    for (let v = 0; v < filterSize; v++) {
      const row = (i - u + before(spec)) / stride;
      const column = (j - v + before(spec)) / stride;
      if (!Number.isInteger(row) || !Number.isInteger(column)) continue;
      if (row < 0 || column < 0 || row >= outSize || column >= outSize) continue;
      for (let o = depthwise ? c : 0; o < (depthwise ? c + 1 : outChannels); o++)
        sum +=
          dy[((n * outSize + row) * outSize + column) * outChannels + o] *
          filter[filterIndex(spec, u, v, c, o)];
    }
  }
  return sum;
}

function filterGradientOf(spec: Conv2dSpec, { x, dy }: Inputs, index: number): number {
  const { batch, size, stride, inChannels, outChannels, filterSize, depthwise } = spec;
  const outSize = size / stride;
  const [u, v, c, last] = unravel(index, filterSize, inChannels, depthwise ? 1 : outChannels);
  const o = depthwise ? c : last;
  let sum = 0;
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < outSize; row++) {
      for (let column = 0; column < outSize; column++) {
        const i = row * stride + u - before(spec);
        const j = column * stride + v - before(spec);
        if (i < 0 || j < 0 || i >= size || j >= size) continue;
        sum +=
          x[((n * size + i) * size + j) * inChannels + c] *
          dy[((n * outSize + row) * outSize + column) * outChannels + o];
      }
    }
  }
  return sum;
}
