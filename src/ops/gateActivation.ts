import { asOfCall, GraphError } from '../core/errors.ts';
import { literal } from '../graph/chain.ts';
import type { TypeLetter } from '../graph/elementwise.ts';
import { Graph, type Tensor } from '../graph/graph.ts';
import { trace, type Value } from '../graph/trace.ts';
import { clamp } from './comparison.ts';
import { grad } from './gradient.ts';
import { nonFiniteHelpers } from './mathWgsl.ts';

/**
 * An activation as a gate of a recurrent cell uses it: on single numbers by the reference, inside a kernel as WGSL. Both are read off
 * the elementwise ops that the activation and its gradient are made of, so that every activation op can sit in a gate.
 */
export interface GateActivation {
  /** Two gates with equal keys do the same: kernels and merged steps go by it. */
  readonly key: string;
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
  /** `fn NAME(x: F) -> F` and, for the backward pass, `fn NAMESlope(x: F) -> F`. */
  wgsl(name: string): string;
  readonly helpers: readonly string[];
}

/** What a user gives: `sigmoid`, `tanh`, `(x) => hardSigmoid(x, { alpha: 0.2 })`. */
export type Activation = (x: Tensor) => Tensor;

/** Activations are used by many layers, and looked through once. */
const known = /* @__PURE__ */ new WeakMap<Activation, GateActivation>();

/** @throws GraphError where `activation` is not made of elementwise ops on its argument, or is unknown. */
export function gateActivation(what: string, activation: Activation): GateActivation {
  if (typeof activation !== 'function') {
    throw new GraphError(
      `${what}: an activation is a function of a tensor, such as tanh or (x) => leakyRelu(x, { alpha: 0.1 }); got ${JSON.stringify(activation)}`,
    );
  }
  let gate = known.get(activation);
  if (!gate) {
    try {
      gate = readActivation(what, activation);
    } catch (error) {
      throw asOfCall(gateActivation, error);
    }
    known.set(activation, gate);
  }
  return gate;
}

/** `activation` of values that are bounded to [-bound, bound] before. */
export function clipped(
  what: string,
  option: string,
  activation: Activation,
  bound: number | undefined,
): Activation {
  if (bound === undefined) return activation;
  if (!(bound > 0)) throw new GraphError(`${what}: ${option} must be a number above 0, got ${bound}`);
  return (x) => activation(clamp(x, { min: -bound, max: bound }));
}

function readActivation(what: string, activation: Activation): GateActivation {
  const graph = new Graph();
  const x = graph.input('x', [1]);
  const y = activation(x);
  if (y?.graph !== graph || y.size !== 1 || y.dtype !== 'float32') {
    throw new GraphError(
      `${what}: the activation must map a float tensor to one of the same shape and dtype`,
    );
  }
  const value = readFunction(what, x, y);
  const slope = readFunction(
    what,
    x,
    y === x ? graph.constant(1, [1]) : grad(y, [x], { unused: 'zeros' })[0],
  );
  return {
    key: `${value.text('value')}\n${slope.text('slope')}`,
    value: value.scalar,
    slope: slope.scalar,
    wgsl: (name) => `${value.text(name)}\n${slope.text(`${name}Slope`)}`,
    helpers: [...new Set([...nonFiniteHelpers, ...value.helpers, ...slope.helpers])],
  };
}

interface ElementFunction {
  readonly scalar: (x: number) => number;
  text(name: string): string;
  readonly helpers: readonly string[];
}

const letters: Readonly<Record<string, TypeLetter>> = { float32: 'F', int32: 'I', uint32: 'U', bool: 'B' };

/** `result` as a function of the one number in `x`. */
function readFunction(what: string, x: Tensor, result: Tensor): ElementFunction {
  const traced = trace({ outputs: { result }, updates: [] });
  const end = traced.outputs.get('result')!;
  const places = new Map<Value, number>();
  const steps = traced.steps.map(({ op, attrs, inputs, outputs }, i) => {
    const { elementwise } = op;
    if (!elementwise?.scalar)
      throw new GraphError(`${what}: ${op.name} cannot sit in a gate; use elementwise ops of one tensor`);
    places.set(outputs[0], i);
    return {
      elementwise,
      attrs,
      inputs,
      dtype: outputs[0].spec.dtype,
      scalar: elementwise.scalar(attrs, inputs[0].spec.dtype),
    };
  });
  const textOf = (value: Value): string => {
    if (value.constant) return literal(value.constant[0], value.spec.dtype);
    const step = places.get(value);
    return step === undefined ? x.node.path : `step${step}`;
  };
  return {
    helpers: steps.flatMap(({ elementwise }) => elementwise.helpers ?? []),
    scalar(argument) {
      const results: number[] = [];
      const numberOf = (value: Value | undefined): number => {
        if (!value) return 0;
        const step = places.get(value);
        return value.constant ? value.constant[0] : step === undefined ? argument : results[step];
      };
      for (const { scalar, inputs } of steps)
        results.push(scalar(numberOf(inputs[0]), numberOf(inputs[1]), numberOf(inputs[2])));
      return numberOf(end);
    },
    text(name) {
      const lines = steps.map(({ elementwise, attrs, inputs, dtype }, i) => {
        const types = { operands: inputs.map(({ spec }) => letters[spec.dtype]), result: letters[dtype] };
        return `  let step${i} = ${elementwise.expression(inputs.map(textOf), attrs, types)};`;
      });
      return [`fn ${name}(x: F) -> F {`, ...lines, `  return ${textOf(end)};`, '}'].join('\n');
    },
  };
}
