import { MLOperand } from '../../../src/webnn.ts';

// What the older suites call otherwise than the standard does today.

interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

type Options = Readonly<Record<string, unknown>>;

/** The call in today's names. */
export function modernised(name: string, args: readonly unknown[]): Call {
  const [input] = args;
  if (!(input instanceof MLOperand)) return { name, args };
  const last = args.at(-1);
  const options: Options = isOptions(last) ? last : {};
  switch (name) {
    // The axis was once left out: the input then has two.
    case 'softmax':
      return { name, args: args.length === 1 ? [input, 1] : args };
    case 'squeeze':
      return { name: 'reshape', args: [input, squeezed(input.shape, options.axes)] };
    case 'cumulativeSum': {
      const { exclusive, reverse } = options;
      return {
        name,
        args: [...args.slice(0, 2), { exclusive: Boolean(exclusive), reversed: Boolean(reverse) }],
      };
    }
    case 'averagePool2d':
    case 'l2Pool2d':
    case 'maxPool2d':
      return { name, args: [input, pooling(input.shape, options)] };
    default:
      return { name, args };
  }
}

function isOptions(value: unknown): value is Options {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof MLOperand)
  );
}

function squeezed(shape: readonly number[], axes: unknown): number[] {
  return shape.filter((length, axis) => length !== 1 || !takes(axes, axis));
}

function takes(axes: unknown, axis: number): boolean {
  return !Array.isArray(axes) || axes.includes(axis);
}

/** `roundingType` has a new name, and `autoPad`, which is gone, put as much padding as ONNX' SAME_UPPER and SAME_LOWER. */
function pooling(shape: readonly number[], { roundingType, autoPad, ...rest }: Options): Options {
  const options = roundingType === undefined ? rest : { ...rest, outputShapeRounding: roundingType };
  if (autoPad !== 'same-upper' && autoPad !== 'same-lower') return options;
  const image = rest.layout === 'nhwc' ? shape.slice(1, 3) : shape.slice(2);
  const numbers = (value: unknown, missing: readonly number[]) =>
    Array.isArray(value) ? value.map(Number) : missing;
  const window = numbers(rest.windowDimensions, image);
  const strides = numbers(rest.strides, [1, 1]);
  const dilations = numbers(rest.dilations, [1, 1]);
  const padding = [0, 1].flatMap((axis) => {
    const reach =
      (Math.ceil(image[axis] / strides[axis]) - 1) * strides[axis] + (window[axis] - 1) * dilations[axis] + 1;
    const total = Math.max(0, reach - image[axis]);
    const smaller = Math.floor(total / 2);
    return autoPad === 'same-upper' ? [smaller, total - smaller] : [total - smaller, smaller];
  });
  return { ...options, padding };
}
