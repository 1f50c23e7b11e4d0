import type { Handler, Handlers } from './handler.ts';
import { activations } from './operators/activations.ts';
import { arithmetic } from './operators/arithmetic.ts';
import { constants } from './operators/constants.ts';
import { logic } from './operators/logic.ts';
import { movement } from './operators/movement.ts';
import { reductions } from './operators/reductions.ts';

const families: readonly Handlers[] = [activations, arithmetic, constants, logic, movement, reductions];

const handlers: ReadonlyMap<string, Handler> = new Map(families.flatMap((family) => Object.entries(family)));

/** The handler of an operator; ONNX' own domain is ''. */
export function findHandler(domain: string, name: string): Handler | undefined {
  return handlers.get(domain === '' ? name : `${domain}::${name}`);
}

/** Names of all operators that can be imported, in alphabetical order. */
export const supportedOperators: readonly string[] = /* @__PURE__ */ [...handlers.keys()].sort();
