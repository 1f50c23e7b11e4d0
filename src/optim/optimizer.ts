import source from '#shaders/optimizer.wgsl' with { type: 'text' };
import { DTypeError, GraphError, ShapeError } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import { apply, type Graph, type Op, Tensor, Variable } from '../graph/graph.ts';
import { type KernelCall, linearGrid, type OffsetOf } from '../graph/kernel.ts';
import { reachable } from '../graph/trace.ts';
import { add } from '../ops/arithmetic.ts';
import { grad } from '../ops/gradient.ts';
import type { AdaptiveSchedule, Schedule } from './schedules.ts';
import { blocksOf, normPartials, squaredNorm } from './squaredNorm.ts';

/** What all optimizers take. */
export interface OptimizerOptions {
  /**
   * The step size: a number, a scalar tensor, or a schedule. For a schedule the graph gets an input `learningRate`, which `fit` feeds; without
   * `fit` it is fed by you, as `{ learningRate: schedule(step) }`.
   */
  learningRate: number | Tensor | Schedule | AdaptiveSchedule;
  /** Gradients are cut to [-clipValue, clipValue], element by element. */
  clipValue?: number;
  /** All gradients are scaled so that their common Euclidean norm is at most this. One dispatch more. */
  clipNorm?: number;
}

/**
 * Parameters with settings of their own, such as no `weightDecay` for biases. What a group does not say is as for all others; the learning
 * rate and clipping are common to all.
 */
export type ParameterGroup<Options> = {
  /** Which ones, or a question to each of them. A parameter belongs to the first group that takes it. */
  parameters: readonly Variable[] | ((parameter: Variable) => boolean);
  /** Times the learning rate of all, however that is scheduled: 0.1 for layers that are only to be tuned. Default 1. */
  learningRateFactor?: number;
} & Partial<Omit<Options, 'groups' | keyof OptimizerOptions>>;

/** One element's way through an update rule. */
export interface ElementUpdate {
  parameter: number;
  readonly gradient: number;
  readonly states: Float64Array;
  readonly learningRate: number;
  /** 1 for the first update. */
  readonly step: number;
}

/** What makes one optimizer different from another. */
export interface OptimizerRule {
  readonly name: string;
  /** What is kept for each element of each parameter, starting at 0. */
  readonly states: readonly string[];
  /** Numbers that the rule reads, in WGSL as `params.name`. */
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** The rule for one element, in float64. */
  update(element: ElementUpdate, hyperparameters: Readonly<Record<string, number>>): void;
  /**
   * The same in WGSL on `parameter`, `gradient` and the states (vec4<f32>, under their names), with `rate` and `step` (f32, u32) and
   * `oneMinusPower(1 - b, step)` for 1 - b^step.
   */
  readonly wgsl: string;
}

export interface Optimizer {
  readonly learningRate: OptimizerOptions['learningRate'];
  /**
   * Gradients of `loss` and the updates that follow from them, for `compile({ updates })`. All parameters are updated in one dispatch (two
   * with `clipNorm`; one more of each for every group, and for every further 128 MiB of parameters). If the loss is not finite, nothing changes; an
   * element whose gradient is not finite, or which would not be finite itself, stays as it is.
   *
   * @param parameters default: all trainable variables of the graph that the loss depends on.
   */
  minimize(loss: Tensor, parameters?: readonly Variable[]): [Variable, Tensor][];
  /**
   * The same from gradients that you have computed, or changed, yourself. A second call for a parameter updates the same state: programs for
   * several batch sizes train one model.
   *
   * @param step how many updates came before this one; default `graph.step`, the number of runs.
   */
  apply(
    loss: Tensor,
    parameters: readonly Variable[],
    gradients: readonly Tensor[],
    step?: Tensor,
  ): [Variable, Tensor][];
}

interface UpdateAttrs {
  /** The learning rate of these parameters is this times the one that is given. */
  readonly rateFactor: number;
  readonly clipValue: number;
  readonly clipNorm: number;
  readonly hyperparameters: Readonly<Record<string, number>>;
}

/** Inputs before the parameters: loss, learning rate, step, and the partial sums of the squared norm. */
const leading = 4;

/** Some of the parameters, and how they are updated. */
interface Setting {
  readonly rule: OptimizerRule;
  readonly op: Op<UpdateAttrs>;
  readonly attrs: UpdateAttrs;
  takes(parameter: Variable): boolean;
}

/** Makes an optimizer of a rule, which `ruleOf` makes of the options, or of those of a group. */
export function makeOptimizer<Options extends OptimizerOptions>(
  ruleOf: (options: Options) => OptimizerRule,
  options: Options & { groups?: readonly ParameterGroup<Options>[] },
): Optimizer {
  // A copy, since JavaScript lets `adam()` through.
  const { name } = ruleOf({ ...options });
  checkOptions(name, { ...options });
  const { clipValue = 0, clipNorm = 0 } = options;
  const settingOf = (rule: OptimizerRule, rateFactor: number, takes: Setting['takes']): Setting => {
    const { hyperparameters } = rule;
    return { rule, op: updateOp(rule), attrs: { rateFactor, clipValue, clipNorm, hyperparameters }, takes };
  };
  const settings = [
    ...(options.groups ?? []).map(({ parameters, learningRateFactor = 1, ...own }, i) => {
      checkGroup(name, i, parameters, learningRateFactor);
      const takes =
        typeof parameters === 'function' ? parameters : (each: Variable) => parameters.includes(each);
      return settingOf(ruleOf({ ...options, ...own }), learningRateFactor, takes);
    }),
    settingOf(ruleOf(options), 1, () => true),
  ];
  const states = new WeakMap<Variable, Variable[]>();
  const rates = new WeakMap<Graph, Tensor>();
  const { learningRate } = options;

  function rateIn(graph: Graph): Tensor {
    if (typeof learningRate === 'number') return graph.constant(learningRate);
    if (learningRate instanceof Tensor) return learningRate;
    const rate = rates.get(graph) ?? graph.input('learningRate', []);
    rates.set(graph, rate);
    return rate;
  }

  /** What is kept for each parameter: of those that are new here, in one group for each of theirs. */
  function statesOf(graph: Graph, parameters: readonly Variable[], chosen: readonly Setting[]): Variable[][] {
    const isNew = parameters.map((parameter) => !states.has(parameter));
    const prefix = isNew.includes(true) ? nextName(graph, name) : '';
    for (const [i, parameter] of parameters.entries()) {
      if (!isNew[i]) continue;
      const own = chosen[i].rule.states.map((state) =>
        graph.groupedVariable(
          `${prefix}/${parameter.name}/${state}`,
          parameter.shape,
          `${prefix}/${parameter.group}`,
        ),
      );
      states.set(parameter, own);
    }
    return parameters.map((parameter) => states.get(parameter) ?? []);
  }

  const optimizer: Optimizer = {
    learningRate,
    minimize(loss, parameters = influential(loss)) {
      return optimizer.apply(loss, parameters, grad(loss, parameters));
    },
    apply(loss, parameters, gradients, step = loss.graph.step) {
      checkParameters(name, parameters, gradients);
      const { graph } = loss;
      const rate = rateIn(graph);
      const chosen = settingsOf(name, settings, parameters);
      const kept = statesOf(graph, parameters, chosen);
      // One dispatch has one setting, and can write to one buffer of parameters and one of their states.
      const groups = parameters.map(
        ({ group }, i) => `${settings.indexOf(chosen[i])} ${group} ${kept[i][0]?.group}`,
      );
      const members = [...new Set(groups)].map((group) =>
        groups.flatMap((own, i) => (own === group ? [i] : [])),
      );
      const norms = clipNorm > 0 ? members.map((own) => squaredNorm(own.map((i) => gradients[i]))) : [];
      const norm = norms.length > 0 ? norms.reduce((total, part) => add(total, part)) : graph.constant(0);
      return members.flatMap((own) => {
        const { op, attrs } = chosen[own[0]];
        const inputs = own.flatMap((i) => [parameters[i], gradients[i], ...kept[i]]);
        const outputs = apply(op, [loss, rate, step, norm, ...inputs], attrs);
        const targets = own.flatMap((i) => [parameters[i], ...kept[i]]);
        return targets.map((variable, i): [Variable, Tensor] => [variable, outputs[i]]);
      });
    },
  };
  return optimizer;
}

function settingsOf(
  name: string,
  settings: readonly Setting[],
  parameters: readonly Variable[],
): readonly Setting[] {
  const chosen = parameters.flatMap(
    (parameter) => settings.find((setting) => setting.takes(parameter)) ?? [],
  );
  const empty = settings.slice(0, -1).findIndex((setting) => !chosen.includes(setting));
  if (empty < 0) return chosen;
  throw new GraphError(
    `${name}: groups[${empty}] takes none of the parameters that groups before it have left of ${parameters.map((parameter) => parameter.name).join(', ')}`,
  );
}

function updateOp(rule: OptimizerRule): Op<UpdateAttrs> {
  const perInput = 2 + rule.states.length;
  const perOutput = 1 + rule.states.length;
  const setsIn = (inputCount: number) => (inputCount - leading) / perInput;
  return {
    name: rule.name,
    infer(inputs) {
      const [loss, rate] = inputs;
      for (const [what, spec] of [
        ['loss', loss],
        ['learning rate', rate],
      ] as const) {
        if (sizeOf(spec.shape) !== 1 || spec.dtype !== 'float32') {
          throw new ShapeError(
            `the ${what} must be one float32 number, got ${spec.dtype} ${showShape(spec.shape)}`,
          );
        }
      }
      return Array.from({ length: setsIn(inputs.length) }, (_, set) => {
        const { shape, dtype } = inputs[leading + set * perInput];
        return new Array(perOutput).fill({ shape, dtype });
      }).flat();
    },
    reference(inputs, _, attrs) {
      const [[loss], [learningRate], [step], norms] = inputs;
      const squared = norms.reduce((total, part) => total + part, 0);
      const scale = attrs.clipNorm > 0 ? Math.min(1, attrs.clipNorm / (Math.sqrt(squared) + 1e-6)) : 1;
      const usable = Number.isFinite(loss) && Number.isFinite(scale) && Number.isFinite(squared);
      const results: Float64Array[] = [];
      for (let set = 0; set < setsIn(inputs.length); set++) {
        const [parameter, gradient, ...states] = inputs.slice(
          leading + set * perInput,
          leading + (set + 1) * perInput,
        );
        const updated = [parameter, ...states].map((values) => Float64Array.from(values));
        for (let i = 0; usable && i < parameter.length; i++) {
          const scaled = gradient[i] * scale;
          const clipped =
            attrs.clipValue > 0 ? Math.min(Math.max(scaled, -attrs.clipValue), attrs.clipValue) : scaled;
          if (!Number.isFinite(clipped)) continue;
          const element: ElementUpdate = {
            parameter: parameter[i],
            gradient: clipped,
            states: Float64Array.from(states, (state) => state[i]),
            learningRate: learningRate * attrs.rateFactor,
            step: step + 1,
          };
          rule.update(element, attrs.hyperparameters);
          if (!Number.isFinite(Math.fround(element.parameter))) continue;
          updated[0][i] = element.parameter;
          element.states.forEach((value, s) => {
            updated[s + 1][i] = value;
          });
        }
        results.push(...updated);
      }
      return results;
    },
    inPlace(inputCount) {
      return Array.from({ length: setsIn(inputCount) }, (_, set) => {
        const from = leading + set * perInput;
        const to = set * perOutput;
        return [[to, from], ...rule.states.map((_, s): [number, number] => [to + 1 + s, from + 2 + s])] as [
          number,
          number,
        ][];
      }).flat();
    },
    kernels({ inputs, attrs }): KernelCall[] {
      const sets = Array.from({ length: setsIn(inputs.length) }, (_, set) => set);
      const sizes = sets.map((set) => sizeOf(inputs[leading + set * perInput].shape));
      const blocks = blocksOf(sizes);
      const rows = sets.flatMap((set): (number | OffsetOf)[] => [
        { offsetOf: { output: set * perOutput } },
        { offsetOf: { input: leading + set * perInput + 1 } },
        ...rule.states.map((_, s) => ({ offsetOf: { output: set * perOutput + 1 + s } })),
        sizes[set],
      ]);
      const stateOutputs = sets.flatMap((set) => rule.states.map((_, s) => set * perOutput + 1 + s));
      const clips = attrs.clipNorm > 0;
      const fields = Object.keys(rule.hyperparameters).map((name) => `${name}: f32`);
      return [
        {
          label: rule.name,
          source,
          variant: {
            HYPERPARAMETERS: fields.join(', '),
            HAS_STATE: rule.states.length > 0,
            HAS_CLIP_NORM: clips,
            NORM_BINDING: rule.states.length > 0 ? 8 : 7,
            ENTRY: 3 + rule.states.length,
            LOAD_STATES: rule.states
              .map(
                (name, s) =>
                  `let ${name}At = table[row + ${2 + s}u] / 4u + place;\n  var ${name} = states[${name}At];`,
              )
              .join('\n  '),
            UPDATE: rule.wgsl,
            STORE_STATES: rule.states
              .map((name) => `states[${name}At] = select(states[${name}At], ${name}, finite);`)
              .join('\n  '),
          },
          params: {
            parameters: sets.length,
            blocks: blocks.length / 2,
            normPartials,
            clipNorm: attrs.clipNorm,
            clipValue: attrs.clipValue,
            rateFactor: attrs.rateFactor,
            ...rule.hyperparameters,
          },
          bindings: [
            { outputs: sets.map((set) => set * perOutput) },
            { inputs: sets.map((set) => leading + set * perInput + 1) },
            { words: [...rows, ...blocks] },
            { input: 0 },
            { input: 1 },
            { input: 2 },
            ...(stateOutputs.length > 0 ? [{ outputs: stateOutputs }] : []),
            ...(clips ? [{ input: 3 }] : []),
          ],
          workgroups: linearGrid(blocks.length / 2),
        },
      ];
    },
    flops: (_, outputs) => outputs.reduce((total, { shape }) => total + 8 * sizeOf(shape), 0),
  };
}

/** Trainable variables on which the loss depends, in the order of creation; not those that only `stopGradient` leads to. */
function influential(loss: Tensor): Variable[] {
  const found = new Set(reachable([loss], (node) => !node.op?.stopsGradient));
  return loss.graph.parameters.filter((parameter) => parameter !== loss && found.has(parameter.node));
}

const used = /* @__PURE__ */ new WeakMap<Graph, Map<string, number>>();

/** `adam`, and `adam2` for a second one in the same graph. */
function nextName(graph: Graph, name: string): string {
  const counts = used.get(graph) ?? new Map<string, number>();
  used.set(graph, counts);
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  return count === 1 ? name : `${name}${count}`;
}

function checkOptions(name: string, options: OptimizerOptions): void {
  const { learningRate, clipNorm, clipValue } = options;
  if (learningRate === undefined)
    throw new GraphError(`${name}: learningRate is missing: ${name}({ learningRate: 1e-3 }), for example`);
  if (typeof learningRate === 'number' && !(learningRate >= 0 && Number.isFinite(learningRate))) {
    throw new GraphError(`${name}: learningRate must be a finite number of at least 0, got ${learningRate}`);
  }
  for (const [option, value] of Object.entries({ clipNorm, clipValue })) {
    if (value !== undefined && !(value > 0 && Number.isFinite(value))) {
      throw new GraphError(`${name}: ${option} must be a finite number above 0, got ${value}`);
    }
  }
}

function checkGroup(name: string, i: number, parameters: unknown, learningRateFactor: number): void {
  if (typeof parameters !== 'function' && !Array.isArray(parameters)) {
    throw new GraphError(`${name}: groups[${i}].parameters must be variables, or a function that takes one`);
  }
  if (!(learningRateFactor >= 0 && Number.isFinite(learningRateFactor))) {
    throw new GraphError(
      `${name}: groups[${i}].learningRateFactor must be a finite number of at least 0, got ${learningRateFactor}`,
    );
  }
}

function checkParameters(name: string, parameters: readonly Variable[], gradients: readonly Tensor[]): void {
  if (parameters.length === 0)
    throw new GraphError(`${name}: the loss depends on no trainable variable; there is nothing to train`);
  if (gradients.length !== parameters.length) {
    throw new GraphError(`${name}: ${parameters.length} parameters, but ${gradients.length} gradients`);
  }
  parameters.forEach((parameter, i) => {
    if (!(parameter instanceof Variable)) throw new GraphError(`${name}: ${parameter} is not a variable`);
    if (parameter.dtype !== 'float32') throw new DTypeError(`${name}: ${parameter} must be float32`);
    if (String(gradients[i].shape) !== String(parameter.shape)) {
      throw new ShapeError(
        `${name}: the gradient of ${parameter} has shape ${showShape(gradients[i].shape)}`,
      );
    }
    if (parameters.indexOf(parameter) !== i) throw new GraphError(`${name}: ${parameter} is given twice`);
  });
}
