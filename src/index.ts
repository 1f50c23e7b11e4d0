// The public names. Everything else may change without notice.

export type {
  CompileOptions,
  Device,
  DeviceInfo,
  Feeds,
  KernelProfile,
  MemoryUse,
  Profile,
  Program,
  ProgramStats,
  Roof,
} from './backends/backend.ts';
export { type OpenOptions, openDevice } from './backends/open.ts';
export { formatProfile, profileTrace, shareOfRoof } from './backends/profile.ts';
export { tune } from './backends/tune.ts';
export { readTuning, type TuningTable, writeTuning } from './backends/tuning.ts';

export type { DType, TensorData } from './core/dtype.ts';
export {
  DeviceError,
  DTypeError,
  FeedError,
  FormatError,
  GraphError,
  LimitError,
  NoAdapterError,
  NonFiniteError,
  ShaderError,
  ShapeError,
  StorageError,
  TensorloomError,
  TrainingError,
} from './core/errors.ts';
export { RandomStream } from './core/random.ts';
export type { Shape } from './core/shape.ts';

// To write an op of one's own.
export type { Elementwise, ElementwiseTypes } from './graph/elementwise.ts';
export {
  apply,
  applyOne,
  Graph,
  type Initializer,
  type Op,
  type SimplifyValue,
  Tensor,
  type TensorLike,
  Variable,
  type VariableOptions,
} from './graph/graph.ts';
export {
  type Binding,
  type Epilogue,
  type KernelCall,
  type KernelContext,
  linearGrid,
  storageType,
  type Target,
  type TensorSpec,
  type Variant,
} from './graph/kernel.ts';
export { type ByteSource, blobSource, bytesSource } from './io/byteSource.ts';
export { type CheckpointStore, memoryStore } from './io/checkpointStore.ts';
export { fileStore } from './io/fileStore.ts';
export { decodeIdx, type IdxData } from './io/idx.ts';
export { type ImageBatch, type ImagesOptions, imagesToField, type Pixels, readPixels } from './io/images.ts';
export { indexedDbStore } from './io/indexedDbStore.ts';
export { type MatchOptions, matchTensors } from './io/matchTensors.ts';
export { opfsStore } from './io/opfsStore.ts';
export {
  decodeSafetensors,
  encodeSafetensors,
  openSafetensors,
  type StoredTensor,
  safetensorsChunks,
  type TensorFile,
  type TensorReader,
} from './io/safetensors.ts';
export type { NamedSpec } from './io/safetensorsHeader.ts';
export { type TableData, type TableField, type TableRow, tableFields } from './io/table.ts';
export {
  constant,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type InitializerFunction,
  identityMatrix,
  lecunNormal,
  lecunUniform,
  normal,
  ones,
  truncatedNormal,
  uniform,
  zeros,
} from './nn/initializers.ts';
export { type LossFunction, weightedLoss } from './nn/losses.ts';
export { orthogonal } from './nn/orthogonal.ts';
export type { Float32Tensor, PlainTensor } from './nn/plainTensor.ts';
export { recurrentFromKeras, recurrentToKeras, type ToKerasOptions } from './nn/recurrentKeras.ts';
export {
  type OnnxRecurrentWeights,
  recurrentFromOnnx,
  recurrentFromWebnn,
  recurrentToOnnx,
  recurrentToWebnn,
  type WebnnRecurrentOptions,
  type WebnnRecurrentWeights,
} from './nn/recurrentOnnx.ts';
export { recurrentFromTorch, recurrentToTorch, type TorchRecurrentOptions } from './nn/recurrentTorch.ts';
export {
  type GruVariablesOptions,
  gruVariables,
  type LstmVariablesOptions,
  lstmVariables,
  type RecurrentVariablesOptions,
  recurrentVariables,
  rnnVariables,
} from './nn/recurrentVariables.ts';
export type { RecurrentValues } from './nn/recurrentWeights.ts';
export {
  celu,
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  identity,
  leakyRelu,
  logSigmoid,
  mish,
  prelu,
  relu,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
  step,
  thresholdedRelu,
} from './ops/activations.ts';
export { type ArgOptions, argMax, argMin } from './ops/argMax.ts';
export {
  abs,
  add,
  ceil,
  div,
  floor,
  fmod,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  reciprocal,
  round,
  rsqrt,
  sign,
  sqrt,
  square,
  sub,
} from './ops/arithmetic.ts';
export { type AveragePool2dOptions, averagePool2d, globalAveragePool2d } from './ops/averagePool2d.ts';
export {
  type BatchNorm,
  type BatchNormInferenceOptions,
  type BatchNormOptions,
  batchNorm,
  batchNormInference,
} from './ops/batchNorm.ts';
export {
  cast,
  clamp,
  equal,
  greater,
  greaterOrEqual,
  isInfinite,
  isNaN,
  less,
  lessOrEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
  stopGradient,
  where,
} from './ops/comparison.ts';
export { concat, stack } from './ops/concat.ts';
export { type Conv1dOptions, conv1d } from './ops/conv1d.ts';
export { type Conv2dOptions, conv2d, type FilterLayout } from './ops/conv2d.ts';
export {
  type Conv2dTransposeOptions,
  conv2dTranspose,
  type TransposedFilterLayout,
} from './ops/conv2dTranspose.ts';
export { cumulativeProduct } from './ops/cumulativeProduct.ts';
export { type CumulativeSumOptions, cumulativeSum } from './ops/cumulativeSum.ts';
export { type DepthToSpaceOptions, depthToSpace, spaceToDepth } from './ops/depthToSpace.ts';
export { depthwiseConv2d } from './ops/depthwiseConv2d.ts';
export { type DropoutOptions, dropout } from './ops/dropout.ts';
export { einsum } from './ops/einsum.ts';
export { type ElementwiseRules, elementwise } from './ops/elementwise.ts';
export type { Activation } from './ops/gateActivation.ts';
export type { RecurrentCellName } from './ops/gateOrder.ts';
export { embedding, gather } from './ops/gather.ts';
export { type GatherNDOptions, gatherND } from './ops/gatherND.ts';
export { type GradOptions, grad } from './ops/gradient.ts';
export { type GruCellOptions, type GruOptions, gru } from './ops/gru.ts';
export { gruCell } from './ops/gruCell.ts';
export { l2Pool2d } from './ops/l2Pool2d.ts';
export {
  type GroupNormOptions,
  groupNorm,
  type InstanceNormOptions,
  instanceNorm,
  type LayerNormOptions,
  layerNorm,
  rmsNorm,
} from './ops/layerNorm.ts';
export {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
  type HuberOptions,
  huber,
  type LossOptions,
  meanAbsoluteError,
  meanSquaredError,
} from './ops/losses.ts';
export {
  type LstmCellOptions,
  type LstmOptions,
  type LstmResult,
  type LstmWeights,
  lstm,
} from './ops/lstm.ts';
export { type LstmState, lstmCell } from './ops/lstmCell.ts';
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  cos,
  cosh,
  erf,
  exp,
  expm1,
  log,
  log1p,
  sin,
  sinh,
  tan,
  tanh,
} from './ops/math.ts';
export { linear, type MatmulOptions, matmul } from './ops/matmul.ts';
export { globalMaxPool2d, maxPool2d } from './ops/maxPool2d.ts';
export { type OneHotOptions, oneHot } from './ops/oneHot.ts';
export { type PadOptions, pad } from './ops/pad.ts';
export type { Pool2dOptions } from './ops/poolWindows.ts';
export { pow } from './ops/pow.ts';
export type { RecurrentOptions, RecurrentResult, RecurrentWeights } from './ops/recurrent.ts';
export {
  all,
  any,
  l1Norm,
  l2Norm,
  logSum,
  logSumExp,
  max,
  mean,
  min,
  prod,
  standardDeviation,
  sumOfSquares,
  type VarianceOptions,
  variance,
} from './ops/reduce.ts';
export { flatten, reshape } from './ops/reshape.ts';
export { type ResizeCoordinates, type ResizeOptions, type ResizeRounding, resize } from './ops/resize.ts';
export { reverse } from './ops/reverse.ts';
export { type RnnCellOptions, type RnnOptions, rnn } from './ops/rnn.ts';
export { rnnCell } from './ops/rnnCell.ts';
export { gatherElements, scatterAdd } from './ops/scatterAdd.ts';
export { type ScatterReduction, scatterElements } from './ops/scatterElements.ts';
export { scatterND } from './ops/scatterND.ts';
export { type SliceOptions, slice, split, unstack } from './ops/slice.ts';
export { logSoftmax, type SoftmaxOptions, softmax } from './ops/softmax.ts';
export {
  type LossReduction,
  type SoftmaxCrossEntropyOptions,
  softmaxCrossEntropy,
} from './ops/softmaxCrossEntropy.ts';
export type { Layout, Padding, Pair, PairLike, WindowOptions } from './ops/spatial.ts';
export { expandDimensions, squeeze } from './ops/squeeze.ts';
export { expand, type ReduceOptions, sum } from './ops/sum.ts';
export { tile } from './ops/tile.ts';
export { type TopKOptions, topK } from './ops/topK.ts';
export { transpose } from './ops/transpose.ts';
export { type TriangularOptions, triangular } from './ops/triangular.ts';

export { type AdagradOptions, adagrad } from './optim/adagrad.ts';
export { type AdamOptions, adam, adamw } from './optim/adam.ts';
export { blend } from './optim/blend.ts';
export {
  type Averaging,
  averageWeights,
  type MovingAverage,
  type MovingAverageOptions,
  movingAverage,
} from './optim/movingAverage.ts';
export type { Optimizer, OptimizerOptions, ParameterGroup } from './optim/optimizer.ts';
export { type RmspropOptions, rmsprop } from './optim/rmsprop.ts';
export {
  type AdaptiveSchedule,
  cosineDecay,
  exponentialDecay,
  oneCycle,
  type PlateauState,
  reduceOnPlateau,
  type Schedule,
  stepDecay,
  warmUp,
} from './optim/schedules.ts';
export { type SgdOptions, sgd } from './optim/sgd.ts';

export { type Accumulating, accumulateGradients } from './train/accumulate.ts';
export {
  type ChartData,
  type ChartLibrary,
  type TrainingChartOptions,
  trainingChart,
} from './train/chart.ts';
export {
  type CheckpointOptions,
  checkpoint,
  loadWeights,
  saveTraining,
  saveWeights,
  useAverages,
} from './train/checkpoint.ts';
export {
  type ByOutput,
  type CompiledModel,
  type CompileModelOptions,
  compileModel,
} from './train/compiledModel.ts';
export {
  type DataArrays,
  type Dataset,
  dataset,
  type FieldData,
  type Fields,
  type Sample,
  type ShapedData,
} from './train/dataset.ts';
export { type EarlyStopping, type EarlyStoppingOptions, earlyStopping } from './train/earlyStopping.ts';
export {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  type Prediction,
  type Predictions,
  type PredictOptions,
  predict,
} from './train/evaluate.ts';
export {
  type EndEvent,
  type EpochEvent,
  type EpochRecord,
  formatEvent,
  type History,
  type Progress,
  type Quality,
  type StartEvent,
  type StepEvent,
  type TrainingEvent,
} from './train/events.ts';
export { fit, type Training } from './train/fit.ts';
export type { Callback, FitOptions } from './train/fitOptions.ts';
export { type PaddedSequences, type PadSequencesOptions, padSequences } from './train/padSequences.ts';
export type { Checkpointing, TrainingControl, TrainingState } from './train/trainingState.ts';
export {
  classWeights,
  mapDataset,
  prefetchDataset,
  type SamplePlace,
  shuffleDataset,
  splitDataset,
  streamDataset,
} from './train/transforms.ts';
export type { Bound, Difference, Tolerance } from './verify/bounds.ts';
export { type CheckGradientsOptions, checkGradients, type GradientCheck } from './verify/gradients.ts';
export { type VerifiedValue, VerifyReport } from './verify/report.ts';
export { type VerifyOptions, type VerifyTarget, verify } from './verify/verify.ts';
