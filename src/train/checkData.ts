import type { Pauses } from '../backends/pause.ts';
import { isFloat } from '../core/dtype.ts';
import { FeedError, ShapeError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import type { TensorSpec } from '../graph/kernel.ts';
import type { Dataset } from './dataset.ts';

/** What targets are class numbers, and how many classes there are. */
export interface LabelRange {
  readonly classes: number;
  /** A label that stands for no class. */
  readonly ignored: number | null;
}

/** Elements that are looked at before others get their turn. */
const stretch = 1 << 18;
const checkedArrays = /* @__PURE__ */ new WeakSet<object>();

/** Throws where all samples in memory hold a number that is not finite. Arrays that were found sound are not looked at again. */
export async function checkRows({ fields, source }: Dataset, pauses: Pauses): Promise<void> {
  if (source.kind !== 'rows') return;
  for (const [name, spec] of Object.entries(fields)) {
    const data = source.arrays[name];
    if (!isFloat(spec.dtype) || checkedArrays.has(data)) continue;
    for (let from = 0; from < data.length; from += stretch) {
      checkNumbers(name, spec, data.subarray(from, from + stretch), from);
      if (pauses.isDue) await pauses.take();
    }
    checkedArrays.add(data);
  }
}

/** Throws where one of the numbers is NaN or infinite; `first` is the place of the first one in the whole field. */
export function checkNumbers(name: string, spec: TensorSpec, data: ArrayLike<number>, first: number): void {
  for (let i = 0; i < data.length; i++) {
    // x - x is 0 for all numbers but NaN and the infinite ones.
    if (data[i] - data[i] === 0) continue;
    const size = sizeOf(spec.shape);
    const [sample, element] = [Math.floor((first + i) / size), (first + i) % size];
    const where = size === 1 ? '' : `, element ${element} of ${showShape(spec.shape)},`;
    throw new FeedError(`${name}: sample ${sample}${where} is ${data[i]}`);
  }
}

/** Throws where a class number is none. */
export function checkLabels(
  name: string,
  spec: TensorSpec,
  data: ArrayLike<number>,
  { classes, ignored }: LabelRange,
  first = 0,
): void {
  for (let i = 0; i < data.length; i++) {
    if ((data[i] >= 0 && data[i] < classes) || data[i] === ignored) continue;
    throw new FeedError(
      `${name}: sample ${Math.floor((first + i) / sizeOf(spec.shape))} has the label ${data[i]}; the model tells ${classes} classes apart, numbered 0 to ${classes - 1}. Give its last layer more units, or compileModel an ignoreLabel`,
    );
  }
}

/** Class numbers are integers whose model output has one axis more: that of the classes. Null for all other targets. */
export function labelRange(
  target: TensorSpec,
  output: TensorSpec,
  ignored: number | null,
): LabelRange | null {
  if (isFloat(target.dtype) || target.dtype === 'bool' || !isFloat(output.dtype)) return null;
  if (output.shape.length !== target.shape.length + 1) return null;
  return { classes: output.shape[output.shape.length - 1], ignored };
}

/** Throws where the dataset has not the fields that a model is trained or judged with. */
export function checkFields(what: string, data: Dataset, like?: Dataset): void {
  const names = Object.keys(data.fields);
  if (!names.some((name) => name === 'y' || name.startsWith('y/')))
    throw new FeedError(`${what}: the data has no y, only ${names.join(', ')}`);
  for (const [name, spec] of Object.entries(like?.fields ?? {})) {
    if (name === 'weights') continue;
    const found = data.fields[name];
    const [given, expected] = [found, spec].map((each) =>
      each ? `${each.dtype} ${showShape(each.shape)}` : 'none',
    );
    if (given !== expected)
      throw new ShapeError(`${what}: ${name} of each sample is ${given}, in the training data ${expected}`);
  }
}
