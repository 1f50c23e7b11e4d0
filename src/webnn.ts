// The package entry `tensorloom/webnn`: graphs with the names and rules of W3C's Web Neural Network API.

export { MLGraph, MLGraphBuilder } from './webnn/builder.ts';
export type {
  MLConv2dOptions,
  MLConvTranspose2dOptions,
  MLInputOperandLayout,
  MLPool2dOptions,
} from './webnn/layers.ts';
export {
  type MLNumbers,
  MLOperand,
  type MLOperandDataType,
  type MLOperandDescriptor,
  type MLOutput,
} from './webnn/operand.ts';
export type {
  MLGruCellOptions,
  MLGruOptions,
  MLLstmCellOptions,
  MLLstmOptions,
  MLRecurrentNetworkActivation,
  MLRecurrentNetworkDirection,
  MLSequenceOptions,
} from './webnn/recurrent.ts';
export type { MLArgOptions, MLReduceOptions } from './webnn/reduction.ts';
