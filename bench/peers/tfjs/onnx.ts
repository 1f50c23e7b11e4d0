import type { Prepare } from '../../page/contender.ts';
import type { OnnxSpec } from '../../workloads/onnx.ts';

export const prepare: Prepare<OnnxSpec> = () => ({ unable: 'reads no ONNX files' });
