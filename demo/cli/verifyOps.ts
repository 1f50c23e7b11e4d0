import {
  type Device,
  type Feeds,
  Graph,
  openDevice,
  RandomStream,
  type Tensor,
  type VerifiedValue,
  verify,
} from '../../src/index.ts';
import { type OpSample, type SampleInput, samples } from './verifySamples.ts';

/** What an op did on one adapter. */
export interface OpVerdict {
  readonly op: string;
  /** Kernels that ran, the backward ones included. */
  readonly results: number;
  readonly passed: boolean;
  /** Largest error in units of what is allowed; null where a result is not finite or missing, as JSON has no infinity. */
  readonly ofBound: number | null;
  /** The error of the same element, and what is allowed there; null as above. */
  readonly worst: { readonly error: number; readonly bound: number } | null;
  readonly summary: string;
}

export interface AdapterVerdict {
  readonly adapter: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly features: readonly string[];
  readonly ops: readonly OpVerdict[];
}

/** Verifies every op on the adapter of this host, forward and backward. */
export async function verifyOps(names: readonly string[] = Object.keys(samples)): Promise<AdapterVerdict> {
  const device = await openDevice({ backend: 'webgpu' });
  const ops: OpVerdict[] = [];
  try {
    for (const op of names) {
      const { outputs, feeds } = built(samples[op]);
      ops.push(await verdictOn(device, op, outputs, feeds));
    }
    const { name, vendor, architecture, features } = device.info;
    return { adapter: name, vendor, architecture, features, ops };
  } finally {
    device.dispose();
  }
}

/** Verifies some outputs and their gradients on a device, under a name. */
export async function verdictOn(
  device: Device,
  op: string,
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Feeds,
): Promise<OpVerdict> {
  const report = await verify({ outputs }, feeds, { device, print: () => {} });
  const values = [...report.ops, ...report.endToEnd];
  const excessOf = ({ difference }: VerifiedValue) => difference?.excess ?? Number.POSITIVE_INFINITY;
  const excess = Math.max(0, ...values.map(excessOf));
  const isKnown = Number.isFinite(excess);
  const farthest = values.find((value) => excessOf(value) === excess);
  return {
    op,
    results: values.length,
    passed: report.passed,
    ofBound: isKnown ? excess : null,
    worst: isKnown && farthest ? errorOf(farthest) : null,
    summary: report.summary,
  };
}

/** The error that lies nearest to its bound, and that bound. */
function errorOf({ difference, bound }: VerifiedValue): { error: number; bound: number } | null {
  if (!difference || !bound) return null;
  // Where all elements agree there is no worst one.
  if (difference.worstAt < 0) return { error: 0, bound: bound.absolute };
  const { got, want } = difference;
  return { error: Math.abs(got - want), bound: bound.absolute + bound.relative * Math.abs(want) };
}

/** A sample's outputs in a graph of its own, and numbers for its inputs. */
export function built(sample: OpSample): { outputs: Record<string, Tensor>; feeds: Feeds } {
  const graph = new Graph({ seed: 1 });
  const feeds: Record<string, Float64Array | Int32Array | Uint8Array> = {};
  const inputs = sample.inputs.map((input, i) => {
    feeds[`input${i}`] = draw(input, i);
    return graph.input(`input${i}`, input.shape, input.dtype);
  });
  const made = sample.build(inputs, graph);
  const tensors = Array.isArray(made) ? made : [made];
  return { outputs: Object.fromEntries(tensors.map((tensor, i) => [`output${i}`, tensor])), feeds };
}

function draw({ shape, dtype, low = -2, high = 2 }: SampleInput, seed: number) {
  const random = new RandomStream(seed, 5);
  const size = shape.reduce((product, length) => product * length, 1);
  const numbers = Float64Array.from({ length: size }, () => low + (high - low) * random.uniform());
  if (dtype === 'bool') return Uint8Array.from(numbers);
  return dtype === 'int32' ? Int32Array.from(numbers) : numbers;
}
