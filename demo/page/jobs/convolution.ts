import {
  conv2d,
  type Device,
  Graph,
  grad,
  loadWeights,
  matmul,
  maxPool2d,
  openDevice,
  type Program,
  reshape,
  sum,
  type Tensor,
} from 'tensorloom';
import { pixelsPerDigit } from '../../models/digits.ts';
import { type ConvolutionSettings, patches } from '../sections/convolutionWindow.ts';
import { loadDigits } from '../worker/digitsData.ts';
import {
  type DigitsNetwork,
  type FeatureMaps,
  makeNetwork,
  openStore,
  readStanding,
  trainingFile,
} from './digitsNetwork.ts';

export interface ConvolutionAnswer {
  /** Height and width of the result. */
  readonly side: number;
  /** [side, side] */
  readonly values: Float32Array;
  /** The largest difference between the convolution and the product of patches and kernel. */
  readonly difference: number;
  /** Of 2 x 2 windows; null where the result is smaller than one. */
  readonly pool: {
    readonly side: number;
    /** [side, side] */
    readonly values: Float32Array;
    /** The gradient of the sum of all pooled values, in the shape of the convolution's result. */
    readonly gradient: Float32Array;
  } | null;
}

export interface Features {
  readonly pixels: Float32Array;
  readonly label: number;
  readonly filters: FeatureMaps | null;
  /** Of the first convolution. */
  readonly maps: FeatureMaps | null;
  /** Of the training in the section on digits; null where there was none. */
  readonly trained: { readonly steps: number; readonly accuracy: number | null } | null;
}

/** Height and width of a digit whose pixels were joined two by two. */
const smallSide = 14;

/** Computes convolutions and pools, and what a trained network's first convolution finds. */
export function createJob() {
  const programs = new Map<string, Promise<Program<string>>>();
  let opening: Promise<Device> | null = null;
  let network: { code: string; step: number; made: Promise<DigitsNetwork> } | null = null;

  function open(): Promise<Device> {
    opening ??= openDevice();
    return opening;
  }

  async function programOf(settings: ConvolutionSettings): Promise<Program<string>> {
    const device = await open();
    const key = JSON.stringify(Object.values(settings));
    const known = programs.get(key);
    if (known) return known;
    const made = device.compile({ outputs: graphOf(settings) });
    programs.set(key, made);
    made.catch(() => programs.delete(key));
    return made;
  }

  /** The network of the section on digits as it stands now, or one that has learned nothing. */
  async function networkOf(code: string) {
    const standing = await readStanding();
    const own = standing?.code ?? code;
    const step = standing?.step ?? 0;
    // What was loaded once is not there again when the network is forgotten.
    if (network?.code !== own || step < network.step) {
      const made = open().then((device) => makeNetwork(device, own));
      made.catch(() => {
        network = null;
      });
      network = { code: own, step: 0, made };
    }
    if (standing && step > network.step) {
      network.step = step;
      const { store } = await openStore();
      await loadWeights((await network.made).model, store, trainingFile);
    }
    return { network: await network.made, standing };
  }

  return {
    /**
     * @param picture [side, side, channels]
     * @param kernel [size, size, channels]
     * @throws ShapeError where the window is larger than the padded picture.
     */
    async convolve(
      settings: ConvolutionSettings,
      picture: Float32Array,
      kernel: Float32Array,
    ): Promise<ConvolutionAnswer> {
      const program = await programOf(settings);
      const result = await program.run({ picture, kernel, patches: patches(settings, picture) });
      const values = Float32Array.from(result.y);
      const product = result.product;
      const side = Math.sqrt(values.length);
      const difference = values.reduce((most, value, i) => Math.max(most, Math.abs(value - product[i])), 0);
      const pool = result.pooled
        ? {
            side: Math.sqrt(result.pooled.length),
            values: Float32Array.from(result.pooled),
            gradient: Float32Array.from(result.gradient),
          }
        : null;
      return { side, values, difference, pool };
    },

    /** A held-out digit, its pixels joined two by two: [14, 14]. */
    async smallDigit(index: number): Promise<{ pixels: Float32Array; label: number }> {
      const { heldOut } = await loadDigits();
      const at = (index % heldOut.count) * pixelsPerDigit;
      const large = heldOut.pixels.subarray(at, at + pixelsPerDigit);
      const side = 2 * smallSide;
      const pixels = Float32Array.from({ length: smallSide * smallSide }, (_, i) => {
        const first = 2 * (Math.floor(i / smallSide) * side + (i % smallSide));
        return (large[first] + large[first + 1] + large[first + side] + large[first + side + 1]) / 4;
      });
      return { pixels, label: heldOut.labels[index % heldOut.count] };
    },

    /** @param code what makes the network where nothing was trained. */
    async features(code: string, index: number): Promise<Features> {
      const { heldOut } = await loadDigits();
      const { network, standing } = await networkOf(code);
      const at = (index % heldOut.count) * pixelsPerDigit;
      const pixels = heldOut.pixels.slice(at, at + pixelsPerDigit);
      const [{ maps }, filters] = await Promise.all([network.look(pixels), network.filters()]);
      return {
        pixels,
        label: heldOut.labels[index % heldOut.count],
        filters,
        maps: maps[0] ?? null,
        trained: standing && { steps: standing.step, accuracy: standing.judgement?.accuracy ?? null },
      };
    },
  };
}

function graphOf(settings: ConvolutionSettings): Record<string, Tensor> {
  const { side, channels, size, stride, padding, dilation } = settings;
  const graph = new Graph();
  const x = graph.input('picture', [1, side, side, channels]);
  const filter = graph.input('kernel', [size, size, channels, 1]);
  const y = conv2d(x, filter, { strides: stride, padding, dilations: dilation });
  const [, height, width] = y.shape;
  const length = size * size * channels;
  const product = matmul(graph.input('patches', [height * width, length]), reshape(filter, [length, 1]));
  if (height < 2) return { y, product };
  const pooled = maxPool2d(y, { windowSize: 2 });
  const [gradient] = grad(sum(pooled), [y]);
  return { y, product, pooled, gradient };
}
