import { openDevice } from '../../src/index.ts';
import { loadOnnx } from '../../src/onnx.ts';
import type { OnnxSpec } from '../workloads/onnx.ts';

/** The network's output in float64. That the import is right, ONNX Runtime's result shows. */
export async function onnxOutputs(
  { file, input, shape }: OnnxSpec,
  image: ArrayLike<number>,
): Promise<ArrayLike<number>> {
  const model = await loadOnnx(file, { shapes: { [input]: shape } });
  const [output] = Object.values(await model.run(await openDevice({ backend: 'cpu' }), { [input]: image }));
  return output.data;
}
