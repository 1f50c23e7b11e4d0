// The package entry `tensorloom/onnx`: networks from ONNX files.

export { ConstantInputError } from './onnx/handler.ts';
export { loadOnnx, type OnnxOptions } from './onnx/loadOnnx.ts';
export { type OnnxFeeds, OnnxModel, type OnnxOutput, type OnnxSignature } from './onnx/model.ts';
export { supportedOperators } from './onnx/operators.ts';
export { readTensorProto } from './onnx/schema.ts';
export { type OnnxTensor, readTensor } from './onnx/tensorData.ts';
export type { OnnxType } from './onnx/types.ts';
