import { ShapeError } from '../core/errors.ts';
import type { RandomStream } from '../core/random.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';

/** Draws the first values of a variable. */
export type InitializerFunction = (shape: Shape, random: RandomStream) => Float32Array;

/**
 * How many inputs feed one output, and the other way round. The last two axes are [in, out]; axes before them are the window
 * of a convolution filter ([height, width, in, out]), whose size counts for both.
 */
function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const window = sizeOf(shape.slice(0, -2));
  const [fanIn, fanOut] = shape.length >= 2 ? shape.slice(-2) : [sizeOf(shape), sizeOf(shape)];
  return { fanIn: fanIn * window, fanOut: fanOut * window };
}

function fill(shape: Shape, draw: () => number): Float32Array {
  return Float32Array.from({ length: sizeOf(shape) }, draw);
}

/** All 0. */
export function zeros(): InitializerFunction {
  return constant(0);
}

/** All 1. */
export function ones(): InitializerFunction {
  return constant(1);
}

/** All `value`. */
export function constant(value: number): InitializerFunction {
  return (shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/** Uniform between `low` and `high`; default ±0.05. */
export function uniform(options: { low?: number; high?: number } = {}): InitializerFunction {
  const { low = -0.05, high = 0.05 } = options;
  return (shape, random) => fill(shape, () => low + (high - low) * random.uniform());
}

/** Normal with this mean and standard deviation; default 0 and 0.05. */
export function normal(options: { mean?: number; standardDeviation?: number } = {}): InitializerFunction {
  const { mean = 0, standardDeviation = 0.05 } = options;
  return (shape, random) => fill(shape, () => mean + standardDeviation * random.normal());
}

/** As `normal`, but values further than two standard deviations from the mean are drawn again. */
export function truncatedNormal(
  options: { mean?: number; standardDeviation?: number } = {},
): InitializerFunction {
  const { mean = 0, standardDeviation = 0.05 } = options;
  return (shape, random) =>
    fill(shape, () => {
      let value = random.normal();
      while (Math.abs(value) > 2) value = random.normal();
      return mean + standardDeviation * value;
    });
}

/** Uniform within ±√(6 / (fanIn + fanOut)) (Glorot, Bengio, AISTATS 2010). For tanh and sigmoid layers. */
export function glorotUniform(): InitializerFunction {
  return (shape, random) => {
    const { fanIn, fanOut } = fans(shape);
    const limit = Math.sqrt(6 / (fanIn + fanOut));
    return fill(shape, () => limit * (2 * random.uniform() - 1));
  };
}

/** Normal with variance 2 / (fanIn + fanOut) (Glorot, Bengio, AISTATS 2010). */
export function glorotNormal(): InitializerFunction {
  return (shape, random) => {
    const { fanIn, fanOut } = fans(shape);
    return fill(shape, () => Math.sqrt(2 / (fanIn + fanOut)) * random.normal());
  };
}

/** Uniform within ±√(6 / fanIn) (He, Zhang, Ren, Sun, ICCV 2015). For relu layers. */
export function heUniform(): InitializerFunction {
  return (shape, random) => {
    const limit = Math.sqrt(6 / fans(shape).fanIn);
    return fill(shape, () => limit * (2 * random.uniform() - 1));
  };
}

/** Normal with variance 2 / fanIn (He, Zhang, Ren, Sun, ICCV 2015). For relu layers. */
export function heNormal(): InitializerFunction {
  return (shape, random) => fill(shape, () => Math.sqrt(2 / fans(shape).fanIn) * random.normal());
}

/** Uniform within ±√(3 / fanIn) (LeCun, Bottou, Orr, Müller: "Efficient BackProp", 1998). For selu layers. */
export function lecunUniform(): InitializerFunction {
  return (shape, random) => {
    const limit = Math.sqrt(3 / fans(shape).fanIn);
    return fill(shape, () => limit * (2 * random.uniform() - 1));
  };
}

/** Normal with variance 1 / fanIn (LeCun, Bottou, Orr, Müller: "Efficient BackProp", 1998). For selu layers. */
export function lecunNormal(): InitializerFunction {
  return (shape, random) => fill(shape, () => Math.sqrt(1 / fans(shape).fanIn) * random.normal());
}

/** `gain` on the diagonal, 0 elsewhere. For matrices, such as the recurrent weights of a relu network. */
export function identityMatrix(options: { gain?: number } = {}): InitializerFunction {
  const { gain = 1 } = options;
  return (shape) => {
    if (shape.length !== 2)
      throw new ShapeError(`identityMatrix: expected a matrix, got ${showShape(shape)}`);
    const [rows, columns] = shape;
    const values = new Float32Array(rows * columns);
    for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = gain;
    return values;
  };
}
