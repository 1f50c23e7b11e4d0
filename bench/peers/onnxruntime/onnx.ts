import type { Prepare } from '../../page/contender.ts';
import type { OnnxSpec } from '../../workloads/onnx.ts';
import { runFile } from './ort.ts';

export const prepare: Prepare<OnnxSpec> = async ({ file, input, shape }, { image }) => {
  const runnable = await runFile(file, { [input]: { shape, values: image } }, undefined, true);
  return {
    ...runnable,
    async run() {
      const [output] = Object.values(await runnable.run());
      return { output };
    },
  };
};
