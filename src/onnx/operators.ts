import type { Handler, Handlers } from './handler.ts';
import { activations } from './operators/activations.ts';
import { arithmetic } from './operators/arithmetic.ts';
import { attentions } from './operators/attention.ts';
import { constants } from './operators/constants.ts';
import { convolutions } from './operators/convolution.ts';
import { indexing } from './operators/indexing.ts';
import { linear } from './operators/linear.ts';
import { logic } from './operators/logic.ts';
import { losses } from './operators/losses.ts';
import { movement } from './operators/movement.ts';
import { normalizations } from './operators/normalization.ts';
import { pools } from './operators/pooling.ts';
import { recurrentLayers } from './operators/recurrent.ts';
import { reductions } from './operators/reductions.ts';
import { resizes } from './operators/resize.ts';
import { softmaxes } from './operators/softmax.ts';
import { training } from './operators/training.ts';

const families: readonly Handlers[] = [
  activations,
  arithmetic,
  attentions,
  constants,
  convolutions,
  indexing,
  linear,
  logic,
  losses,
  movement,
  normalizations,
  pools,
  recurrentLayers,
  reductions,
  resizes,
  softmaxes,
  training,
];

const handlers: ReadonlyMap<string, Handler> = /* @__PURE__ */ new Map(
  families.flatMap((family) => Object.entries(family)),
);

/** The handler of an operator; ONNX' own domain is ''. */
export function findHandler(domain: string, name: string): Handler | undefined {
  return handlers.get(domain === '' ? name : `${domain}::${name}`);
}

/** Names of all operators that can be imported, in alphabetical order. */
export const supportedOperators: readonly string[] = /* @__PURE__ */ [...handlers.keys()].sort();
