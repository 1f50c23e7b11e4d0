import {
  type CheckpointStore,
  type CompiledModel,
  type CompileModelOptions,
  compileModel,
  type Device,
  type FitOptions,
  indexedDbStore,
  loadWeights,
  memoryStore,
  type Program,
  softmax,
  type Tensor,
} from 'tensorloom';
import { forward, type Layer } from 'tensorloom/layers';
import { pixelsPerDigit } from '../../models/digits.ts';
import { evaluate } from '../worker/evaluate.ts';
import { keptChannel } from '../worker/keptChannel.ts';

// The digits network of the page: what its code makes, what is kept of it between visits, and how it looks at one digit. Two sections use it.

const side = 28;
export const trainingFile = 'digits.safetensors';
const standingFile = 'digits.json';

let opening: Promise<{ store: CheckpointStore; isLasting: boolean }> | null = null;

/** The browser's storage; or the worker's memory, where a page may not store anything. */
export function openStore(): Promise<{ store: CheckpointStore; isLasting: boolean }> {
  const store = indexedDbStore('tensorloom-primer');
  opening ??= store.list().then(
    () => ({ store, isLasting: true }),
    () => ({ store: memoryStore(), isLasting: false }),
  );
  return opening;
}

/** Points of the charts; null where nothing was measured. */
export interface Curve {
  readonly step: number[];
  readonly loss: (number | null)[];
  readonly accuracy: (number | null)[];
  readonly heldOut: (number | null)[];
}

/** How the network reads digits that it has not learned from. */
export interface Judgement {
  readonly accuracy: number;
  readonly total: number;
  /** How often [true digit] was [read as]. */
  readonly confusion: number[][];
}

/** Where a training stands: what the page shows, and what is kept beside the weights. Plain data. */
export interface Standing {
  readonly code: string;
  readonly step: number;
  /** Steps at which the training ends. */
  readonly steps: number | null;
  readonly epochs: number;
  readonly phase: 'running' | 'paused' | 'finished';
  /** Whether the network will be there in the next visit. */
  readonly isLasting: boolean;
  readonly curve: Curve;
  readonly judgement: Judgement | null;
  readonly imagesPerSecond: number;
  readonly dispatches: number;
  readonly submits: number;
}

export async function readStanding(): Promise<Standing | null> {
  const { store } = await openStore();
  const source = await store.open(standingFile);
  if (!source) return null;
  try {
    return JSON.parse(new TextDecoder().decode(await source.read(0, source.size))) as Standing;
  } finally {
    await source.close?.();
  }
}

export async function writeStanding(standing: Standing): Promise<void> {
  const { store } = await openStore();
  const bytes = new TextEncoder().encode(JSON.stringify(standing));
  await store.write(
    standingFile,
    (async function* () {
      yield bytes;
    })(),
  );
  tellKept();
}

function tellKept(): void {
  const channel = new BroadcastChannel(keptChannel);
  channel.postMessage(null);
  channel.close();
}

export async function forget(): Promise<void> {
  const { store } = await openStore();
  await store.delete(standingFile);
  await store.delete(trainingFile);
  tellKept();
}

/** One layer's answer to one digit: maps of `height` x `width`, channel by channel, and the filters that made them. */
export interface FeatureMaps {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** [channels, height, width] */
  readonly values: Float32Array;
}

export interface Look {
  readonly probabilities: Float32Array;
  /** Of every convolution, after its normalisation where it has one. */
  readonly maps: readonly FeatureMaps[];
}

export interface DigitsNetwork {
  readonly code: string;
  readonly model: CompiledModel<Tensor, Tensor>;
  readonly training: FitOptions;
  readonly seed: number;
  look(pixels: ArrayLike<number>): Promise<Look>;
  /** Filters of the first convolution, [outputs, height, width] of its first input channel. */
  filters(): Promise<FeatureMaps | null>;
}

interface Exported {
  readonly network: Layer;
  readonly goal: CompileModelOptions;
  readonly training: FitOptions;
}

/**
 * Makes the network of some code.
 *
 * @throws Error with what is wrong with the code.
 */
export async function makeNetwork(device: Device, code: string): Promise<DigitsNetwork> {
  const exported = evaluate(code);
  for (const name of ['network', 'goal', 'training'])
    if (!exported[name]) throw new Error(`the code has to export ${name}`);
  const { network, goal, training } = exported as Record<string, unknown> & Exported;
  const model = await compileModel<Tensor, Tensor>(network, {
    ...goal,
    device,
    input: { shape: [side, side, 1], dtype: 'float32' },
  });
  const x = model.graph.input('drawn', [1, side, side, 1]);
  const { output, calls } = forward(model.network, x);
  if (output.size !== 10)
    throw new Error(`the network has to answer with 10 numbers for each digit, not with ${output.size}`);
  const layers = calls
    .map((call, i) => {
      const next = calls[i + 1];
      const shown = next?.kind === 'batchNorm' ? next : call;
      return { ...call, shown: shown.output as Tensor };
    })
    .filter(({ kind }) => kind === 'conv2d');
  const outputs = Object.fromEntries([
    ['probabilities', softmax(output)] as const,
    ...layers.map(({ shown }, i) => [`map${i}`, shown] as const),
  ]);
  let program: Promise<Program> | null = null;
  return {
    code,
    model,
    training,
    seed: goal.seed ?? 0,
    async look(pixels) {
      if (pixels.length !== pixelsPerDigit) throw new Error(`a digit has ${pixelsPerDigit} values`);
      program ??= device.compile({ outputs });
      const values = await (await program).run({ drawn: pixels });
      const maps = layers.map(({ path, shown }, i) => {
        const [, height, width, channels] = shown.shape;
        const data = values[`map${i}`];
        const name = path.split('/').at(-1) ?? path;
        return { name, height, width, channels, values: channelsFirst(data, height * width, channels) };
      });
      return { probabilities: Float32Array.from(values.probabilities), maps };
    },
    async filters() {
      const weight = layers[0]?.variables.find(({ rank }) => rank === 4);
      if (!weight) return null;
      const [height, width, inputs, channels] = weight.shape;
      const data = await device.read(weight);
      const first = Float32Array.from({ length: height * width * channels }, (_, i) => {
        const [place, channel] = [Math.floor(i / channels), i % channels];
        return data[place * inputs * channels + channel];
      });
      const values = channelsFirst(first, height * width, channels);
      return { name: weight.name, height, width, channels, values };
    },
  };
}

/** [places, channels] -> [channels, places] */
function channelsFirst(data: ArrayLike<number>, places: number, channels: number): Float32Array {
  return Float32Array.from(
    { length: places * channels },
    (_, i) => data[(i % places) * channels + Math.floor(i / places)],
  );
}

/** The network that an earlier visit trained, with its weights; null where there is none that can be read. */
export async function restoreNetwork(
  open: () => Promise<Device>,
): Promise<{ network: DigitsNetwork; standing: Standing } | null> {
  const standing = await readStanding();
  if (!standing) return null;
  const network = await makeNetwork(await open(), standing.code);
  await loadWeights(network.model, (await openStore()).store, trainingFile);
  return { network, standing };
}
