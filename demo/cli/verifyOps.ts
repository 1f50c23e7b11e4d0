import { type Feeds, Graph, openDevice, RandomStream, type Tensor, verify } from '../../src/index.ts';
import { type OpSample, type SampleInput, samples } from './verifySamples.ts';

/** What an op did on one adapter. */
export interface OpVerdict {
  readonly op: string;
  /** Kernels that ran, the backward ones included. */
  readonly results: number;
  readonly passed: boolean;
  /** Largest error in units of what is allowed; null where a result is not finite or missing, as JSON has no infinity. */
  readonly ofBound: number | null;
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
      const report = await verify({ outputs }, feeds, { device, print: () => {} });
      const values = [...report.ops, ...report.endToEnd];
      const excess = Math.max(
        0,
        ...values.map(({ difference }) => difference?.excess ?? Number.POSITIVE_INFINITY),
      );
      ops.push({
        op,
        results: values.length,
        passed: report.passed,
        ofBound: Number.isFinite(excess) ? excess : null,
        summary: report.summary,
      });
    }
    const { name, vendor, architecture, features } = device.info;
    return { adapter: name, vendor, architecture, features, ops };
  } finally {
    device.dispose();
  }
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
