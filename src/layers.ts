// The entry `tensorloom/layers`: layers have the names of their ops, so that they live in a module of their own.

export {
  type Conv1dLayerOptions,
  type Conv2dLayerOptions,
  type Conv2dTransposeLayerOptions,
  conv1d,
  conv2d,
  conv2dTranspose,
  type DepthwiseConv2dLayerOptions,
  depthwiseConv2d,
  type SeparableConv2dLayerOptions,
  separableConv2d,
} from './nn/convolution.ts';
export { type Activation, type DenseOptions, dense } from './nn/dense.ts';
export { dropout, spatialDropout } from './nn/dropout.ts';
export { embedding } from './nn/embedding.ts';
export type { ForeignOptions } from './nn/foreignWeights.ts';
export { fromKeras, toKeras } from './nn/kerasWeights.ts';
export {
  type CallContext,
  callContext,
  freeze,
  type Layer,
  type LayerCall,
  type LayerOptions,
  makeLayer,
  type OwnVariables,
  type Regularizer,
  type Tensors,
} from './nn/layer.ts';
export { type Forward, type ForwardOptions, forward, model } from './nn/model.ts';
export {
  type BatchNormLayerOptions,
  batchNorm,
  groupNorm,
  type InstanceNormLayerOptions,
  instanceNorm,
  type LayerNormLayerOptions,
  layerNorm,
  rmsNorm,
} from './nn/normalization.ts';
export {
  type AveragePool2dLayerOptions,
  averagePool1d,
  averagePool2d,
  type GlobalPoolOptions,
  globalAveragePool1d,
  globalAveragePool2d,
  globalMaxPool1d,
  globalMaxPool2d,
  type MaxPool2dLayerOptions,
  maxPool1d,
  maxPool2d,
  type Pool1dLayerOptions,
} from './nn/pooling.ts';
export {
  type GruLayerOptions,
  gru,
  type LstmLayerOptions,
  lstm,
  type RecurrentLayerOptions,
  type RnnLayerOptions,
  rnn,
  type SequenceInput,
  type SequenceStates,
} from './nn/recurrent.ts';
export { l1, l1l2, l2 } from './nn/regularizers.ts';
export { sequential } from './nn/sequential.ts';
export { activation, type FlattenOptions, flatten, prelu, reshape, timeDistributed } from './nn/shaping.ts';
export { type InputSpec, type InputSpecs, summary } from './nn/summary.ts';
export type { Cost, Summary, SummaryRow, Total } from './nn/summaryTable.ts';
export { fromTorch, toTorch } from './nn/torchWeights.ts';
