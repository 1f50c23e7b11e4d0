import { openDevice } from '../../src/index.ts';
import { loadOnnx } from '../../src/onnx.ts';
import type { Prepare } from '../page/contender.ts';
import type { OnnxSpec } from '../workloads/onnx.ts';

export const prepare: Prepare<OnnxSpec> = async ({ file, input, shape }, { image }) => {
  const device = await openDevice({ backend: 'webgpu' });
  const model = await loadOnnx(file, { shapes: { [input]: shape } });
  const program = await model.compile(device);
  const [{ name }] = model.signature.outputs;
  const feeds = { [input]: image };
  return {
    step: () => program.submit(feeds),
    run: async () => ({ output: (await program.run(feeds))[name] }),
  };
};
