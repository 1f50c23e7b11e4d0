import type { Device, Feeds } from '../backends/backend.ts';
import { initialValues } from '../backends/feeds.ts';
import { roundTo } from '../core/dtype.ts';
import { GraphError, ShapeError } from '../core/errors.ts';
import { RandomStream } from '../core/random.ts';
import { showShape } from '../core/shape.ts';
import { type Tensor, Variable } from '../graph/graph.ts';
import { grad } from '../ops/gradient.ts';
import { type Difference, describe, difference, differenceTolerance } from './bounds.ts';
import { evaluator, largest, type Values } from './reference.ts';

export interface GradientCheck {
  /** The tensor whose gradient it is. */
  readonly tensor: Tensor;
  /** Elements at which differences were taken. */
  readonly places: readonly number[];
  readonly analytic: readonly number[];
  readonly slopes: readonly number[];
  readonly difference: Difference;
  readonly passed: boolean;
}

export interface CheckGradientsOptions {
  /** Values for the inputs that the loss depends on. */
  feeds?: Feeds;
  /** Whose values of the variables to take; default their initial ones. */
  device?: Device;
  /** At how many elements of each tensor differences are taken, drawn at random where it has more; default 40. */
  places?: number;
}

/**
 * Compares gradients of `loss` with central differences, (L(x + h) - L(x - h)) / 2h with h = 1e-5 max(1, |x|), all in float64 on the
 * reference: what shows a wrong gradient rule, apart from what a device makes of it. `tensors` are inputs or variables.
 *
 * ```ts
 * const checks = await checkGradients(loss, graph.parameters, { feeds: { x, target } });
 * console.log(checks.filter(({ passed }) => !passed).map(({ tensor }) => String(tensor)));
 * ```
 *
 * Differences tell nothing where a function has a kink or jumps; draw feeds that keep away from such places.
 *
 * @throws ShapeError where `loss` is no scalar, GraphError where a tensor is neither an input nor a variable.
 */
export async function checkGradients(
  loss: Tensor,
  tensors: readonly Tensor[],
  options: CheckGradientsOptions = {},
): Promise<GradientCheck[]> {
  if (loss.size !== 1)
    throw new ShapeError(`checkGradients: the loss must be one number, got ${showShape(loss.shape)}`);
  const names = tensors.map(leafName);
  const gradients = grad(loss, tensors, { unused: 'zeros' });
  const start: Record<string, Float64Array> = {};
  for (const [name, data] of Object.entries(options.feeds ?? {})) {
    const values = typeof data === 'number' ? [data] : data;
    const input = loss.graph.nodes.find(({ source }) => source?.kind === 'input' && source.name === name);
    const dtype = input?.outputs[0].dtype ?? 'float32';
    start[name] = Float64Array.from({ length: values.length }, (_, i) => roundTo(dtype, values[i]));
  }
  for (const variable of loss.graph.variables)
    start[variable.name] = Float64Array.from(
      (await options.device?.read(variable)) ?? initialValues(variable),
    );
  const analytic = evaluator(Object.fromEntries(gradients.map((gradient, i) => [String(i), gradient])))(
    start,
  );
  const evaluate = evaluator({ loss });
  const lossAt = (values: Values) => evaluate(values).get('loss')![0];
  return tensors.map((tensor, i) => {
    const { places, slopes } = differences(lossAt, names[i], start, i, options.places);
    const own = places.map((place) => analytic.get(String(i))![place]);
    const found = difference(own, slopes, 'float32', differencesBound(slopes));
    return { tensor, places, analytic: own, slopes, difference: found, passed: found.differing === 0 };
  });
}

function leafName(tensor: Tensor): string {
  if (tensor instanceof Variable) return tensor.name;
  const { source } = tensor.node;
  if (source?.kind === 'input') return source.name;
  throw new GraphError(`checkGradients: ${tensor} is neither an input nor a variable`);
}

/** How close gradients come to differences of which the largest counts. */
export function differencesBound(slopes: readonly number[]) {
  const { relative, absolute } = differenceTolerance;
  return { relative, absolute: absolute * Math.max(1, largest(slopes)) };
}

/** Central differences of a scalar, in float64, with respect to elements of one input: all, or as many drawn at random. */
export function differences(
  lossAt: (feeds: Values) => number,
  name: string,
  feeds: Values,
  seed: number,
  most = 40,
): { places: number[]; slopes: number[] } {
  const values = feeds[name];
  const order = new RandomStream(seed, 77).permutation(values.length);
  const places = [...order.slice(0, most)];
  const at = (place: number, value: number) => {
    const moved = Float64Array.from(values);
    moved[place] = value;
    return lossAt({ ...feeds, [name]: moved });
  };
  const slopes = places.map((place) => {
    const h = 1e-5 * Math.max(1, Math.abs(values[place]));
    return (at(place, values[place] + h) - at(place, values[place] - h)) / (2 * h);
  });
  return { places, slopes };
}

/** A sentence for a check that failed. */
export function describeGradient({ tensor, places, difference: found }: GradientCheck): string {
  return `the gradient of ${tensor} differs from central differences at element ${places[found.worstAt]}: ${describe(found)}`;
}
