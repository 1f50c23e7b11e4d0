import type { Prepare } from '../../page/contender.ts';
import type { OnnxSpec } from '../../workloads/onnx.ts';

export const prepare: Prepare<OnnxSpec> = () => ({
  unable: '@jax-js/onnx 0.1.2 has neither BatchNormalization nor GlobalAveragePool',
});
