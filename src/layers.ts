// The entry `tensorloom/layers`: layers have the names of their ops, so that they live in a module of their own.

export { type Activation, type DenseOptions, dense } from './nn/dense.ts';
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
export { l1, l1l2, l2 } from './nn/regularizers.ts';
export { sequential } from './nn/sequential.ts';
