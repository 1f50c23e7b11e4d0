import { type Shape, sameShape, sizeOf } from '../core/shape.ts';
import { type Chain, type ChainArgument, chainEpilogue, chainKernel } from './chain.ts';
import { type KernelCall, noEpilogue, type Target } from './kernel.ts';
import { flopsOf, type Step, type Trace, type Value } from './trace.ts';
import { tunedTarget } from './tuning.ts';

/** Steps that run as one: the kernels of one op, a chain of elementwise ops, or both. */
export interface Unit {
  readonly path: string;
  /** What runs as one, in order. */
  readonly steps: readonly Step[];
  readonly calls: readonly KernelCall[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Pairs [output, input] that share memory. */
  readonly inPlace: readonly (readonly [number, number])[];
  /** The output is input 0 under another shape. */
  readonly view: boolean;
  readonly flops: number;
}

/** Steps on their way to one unit. */
interface Group {
  readonly id: number;
  /** The step with kernels of its own, if there is one; a chain follows it where `open`. */
  readonly producer: Step | null;
  readonly chain: Step[];
  /** Shape of what the chain computes; steps of a smaller one are repeated for each element. */
  readonly shape: Shape;
  /** Whether more elementwise steps may join. */
  readonly open: boolean;
  /** The place in the trace of the latest step that this group holds or, over other groups, needs. */
  reach: number;
  /** Groups that read a result of this one. */
  readonly readers: Set<Group>;
}

/**
 * Puts elementwise steps into the group of the step before them, so that a chain costs one dispatch, or none where it
 * follows a kernel with an epilogue. A step joins only if the group then still depends on nothing that depends on it,
 * and if its storage buffers stay within the device's limit.
 */
export function fuse(trace: Trace, target: Target): Unit[] {
  const groups = formGroups(trace, target);
  const used = usersOf(trace);
  return schedule(groups).map((group) => toUnit(group, used, target));
}

function formGroups(trace: Trace, target: Target): Group[] {
  const groupOf = new Map<Step, Group>();
  const places: Places = new Map(trace.steps.map((step, i) => [step, i]));
  const users = usersOf(trace);
  const groups = new Set<Group>();
  const onlyUser = onlyUsersOf(trace, users);
  // Steps that wait for the step that uses them, and go where it goes.
  const waiting = new Map<Step, Step[]>();
  for (const step of trace.steps) {
    const joining = [...(waiting.get(step) ?? []), step];
    const user = onlyUser.get(step);
    if (user && mayWait(step, onlyUser, users, waiting)) {
      waiting.set(user, [...(waiting.get(user) ?? []), ...joining]);
      continue;
    }
    const { shape } = step.outputs[0].spec;
    const candidates = step.op.elementwise ? candidatesFor(joining, shape, groupOf) : [];
    let group = candidates.find((candidate) => fits(candidate, joining, groupOf, users, target, places));
    if (group) {
      group.chain.push(...joining);
    } else {
      const isChain = step.op.elementwise !== undefined;
      group = {
        id: groups.size,
        producer: isChain ? null : step,
        chain: isChain ? joining : [],
        shape,
        open: isChain || step.op.epilogue !== undefined,
        reach: 0,
        readers: new Set(),
      };
      groups.add(group);
    }
    settle(joining, group, groupOf, places);
    // Other chains of the same shape that the step reads may now join, too.
    for (const other of candidatesFor([step], shape, groupOf)) {
      if (other === group || other.producer || !step.op.elementwise) continue;
      if (!fits(group, other.chain, groupOf, users, target, places)) continue;
      for (const reader of other.readers) if (reader !== group) group.readers.add(reader);
      settle(other.chain, group, groupOf, places);
      group.chain.push(...other.chain);
      group.chain.sort((a, b) => places.get(a)! - places.get(b)!);
      groups.delete(other);
    }
  }
  return [...groups];
}

/** Where each step stands in the trace. */
type Places = ReadonlyMap<Step, number>;

/** Enters `steps` as members of the group. */
function settle(steps: readonly Step[], group: Group, groupOf: Map<Step, Group>, places: Places): void {
  for (const step of steps) groupOf.set(step, group);
  let { reach } = group;
  for (const step of steps) {
    reach = Math.max(reach, places.get(step)!);
    for (const { producer } of step.inputs) {
      const before = producer && groupOf.get(producer);
      if (!before || before === group) continue;
      before.readers.add(group);
      reach = Math.max(reach, before.reach);
    }
  }
  extendReach(group, reach);
}

function extendReach(group: Group, reach: number): void {
  const waiting = [group];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (next.reach >= reach && next !== group) continue;
    next.reach = reach;
    waiting.push(...[...next.readers].filter((reader) => reader.reach < reach));
  }
}

/** For each step whose results are used once, by another step: that step. */
function onlyUsersOf(trace: Trace, users: ReadonlyMap<Value, number>): Map<Step, Step> {
  const found = new Map<Step, Step>();
  for (const user of trace.steps) {
    for (const { producer } of user.inputs) {
      if (producer?.outputs.length === 1 && users.get(producer.outputs[0]) === 1) found.set(producer, user);
    }
  }
  return found;
}

/**
 * A cheap step is better computed where it is used, if what it reads is kept in memory anyway: the mask of a relu belongs into
 * the backward pass, not beside the relu, and the factors of a batch normalisation into the kernel that applies them.
 */
function mayWait(
  step: Step,
  onlyUser: ReadonlyMap<Step, Step>,
  users: ReadonlyMap<Value, number>,
  waiting: ReadonlyMap<Step, readonly Step[]>,
): boolean {
  if (!step.op.elementwise || !onlyUser.get(step)?.op.elementwise) return false;
  const before = waiting.get(step) ?? [];
  if (before.length > 0 && (before.length > mostRepeated || !endsLarger(step, onlyUser))) return false;
  return step.inputs.every((input) => {
    const isKept = isInline(input) || !input.producer || (users.get(input) ?? 0) > 1;
    return isKept || before.some((other) => other === input.producer);
  });
}

/** Whether the chain that a step begins has a larger shape in the end: the step is then small beside it. */
function endsLarger(step: Step, onlyUser: ReadonlyMap<Step, Step>): boolean {
  const size = sizeOf(step.outputs[0].spec.shape);
  let user = onlyUser.get(step);
  while (user?.op.elementwise && sizeOf(user.outputs[0].spec.shape) === size) user = onlyUser.get(user);
  return user?.op.elementwise !== undefined;
}

/** Small steps that are repeated for each element rather than computed once by a kernel of their own. */
const mostRepeated = 4;

/** Open groups of this shape from which `steps` take a value: first those with a kernel of their own, then the latest. */
function candidatesFor(steps: readonly Step[], shape: Shape, groupOf: ReadonlyMap<Step, Group>): Group[] {
  const found = new Set<Group>();
  for (const { inputs } of steps) {
    for (const { producer } of inputs) {
      const group = producer && groupOf.get(producer);
      if (group?.open && sameShape(group.shape, shape)) found.add(group);
    }
  }
  return [...found].sort((a, b) => Number(b.producer !== null) - Number(a.producer !== null) || b.id - a.id);
}

function fits(
  group: Group,
  joining: readonly Step[],
  groupOf: ReadonlyMap<Step, Group>,
  users: ReadonlyMap<Value, number>,
  target: Target,
  places: Places,
): boolean {
  const inside = new Set<Step>([...(group.producer ? [group.producer] : []), ...group.chain, ...joining]);
  // What the kernel itself reads cannot be made in its epilogue.
  if (group.producer?.inputs.some(({ producer }) => producer && inside.has(producer))) return false;
  // Of a producer only output 0 is at hand in the epilogue, and its value is float32.
  for (const step of joining) {
    for (const input of step.inputs) {
      if (!group.producer || input.producer !== group.producer) continue;
      if (input !== group.producer.outputs[0] || input.spec.dtype !== 'float32') return false;
    }
  }
  if (group.producer && joining.some((step) => step.outputs[0].spec.dtype !== 'float32' && !canEndIn(group)))
    return false;
  const needed = new Set<Step>();
  for (const step of inside) {
    for (const input of step.inputs) {
      if (input.producer && !inside.has(input.producer)) needed.add(input.producer);
    }
  }
  if (dependsOn(needed, inside, groupOf, places)) return false;
  return storageBuffers(inside, group.producer, users) <= target.limits.storageBuffersPerShaderStage;
}

/** A kernel's own store takes float32 chains; steps of another dtype may still leave it through stores of their own. */
function canEndIn(group: Group): boolean {
  return group.producer?.outputs[0].spec.dtype === 'float32';
}

/** Whether one of `steps`, taken with all of its group, needs a result of `inside`. */
function dependsOn(
  steps: Iterable<Step>,
  inside: ReadonlySet<Step>,
  groupOf: ReadonlyMap<Step, Group>,
  places: Places,
): boolean {
  const first = Math.min(...[...inside].map((step) => places.get(step)!));
  const waiting = [...steps];
  const seen = new Set<Step>(waiting);
  for (let step = waiting.pop(); step; step = waiting.pop()) {
    const group = groupOf.get(step);
    // All of `inside` comes later than anything that this group needs.
    if (group && group.reach < first) continue;
    const together = group ? [...(group.producer ? [group.producer] : []), ...group.chain] : [step];
    for (const member of together) {
      if (inside.has(member)) return true;
      for (const { producer } of member.inputs) {
        if (producer && !seen.has(producer)) {
          if (inside.has(producer)) return true;
          seen.add(producer);
          waiting.push(producer);
        }
      }
    }
  }
  return false;
}

/** How often each value is used, program outputs and updates included. */
function usersOf(trace: Trace): Map<Value, number> {
  const users = new Map<Value, number>();
  const count = (value: Value) => users.set(value, (users.get(value) ?? 0) + 1);
  for (const step of trace.steps) step.inputs.forEach(count);
  for (const value of trace.outputs.values()) count(value);
  for (const [, value] of trace.updates) count(value);
  return users;
}

/** Values of the group that something outside it reads. */
function leaving(inside: ReadonlySet<Step>, users: ReadonlyMap<Value, number>): Value[] {
  const within = new Map<Value, number>();
  for (const step of inside) {
    for (const input of step.inputs) within.set(input, (within.get(input) ?? 0) + 1);
  }
  return [...inside]
    .map((step) => step.outputs[0])
    .filter((value) => (users.get(value) ?? 0) > (within.get(value) ?? 0));
}

function isInline(value: Value): boolean {
  return value.constant?.length === 1;
}

/** Tensors that the chain reads from memory. */
function operandsOf(chain: readonly Step[], inside: ReadonlySet<Step>): Value[] {
  const operands = new Set<Value>();
  for (const step of chain) {
    for (const input of step.inputs) {
      if (!isInline(input) && !(input.producer && inside.has(input.producer))) operands.add(input);
    }
  }
  return [...operands];
}

function storageBuffers(
  inside: ReadonlySet<Step>,
  producer: Step | null,
  users: ReadonlyMap<Value, number>,
): number {
  const chain = [...inside].filter((step) => step !== producer);
  const own = producer?.op.epilogue?.bindings(producer.inputs.length, producer.attrs) ?? 0;
  const stores = leaving(inside, users).length - (producer ? 1 : 0);
  return own + operandsOf(chain, inside).length + Math.max(0, stores);
}

/** Groups in an order that respects what they need. In-place updates wait until nothing else can run. */
function schedule(groups: readonly Group[]): Group[] {
  const groupOf = new Map<Step, Group>();
  for (const group of groups) {
    if (group.producer) groupOf.set(group.producer, group);
    for (const step of group.chain) groupOf.set(step, group);
  }
  const needs = new Map<Group, Set<Group>>();
  for (const [step, group] of groupOf) {
    const set = needs.get(group) ?? new Set();
    needs.set(group, set);
    for (const { producer } of step.inputs) {
      const before = producer && groupOf.get(producer);
      if (before && before !== group) set.add(before);
    }
  }
  const ordered: Group[] = [];
  const done = new Set<Group>();
  const waiting = new Set(groups);
  while (waiting.size > 0) {
    const ready = [...waiting].filter((group) =>
      [...(needs.get(group) ?? [])].every((before) => done.has(before)),
    );
    const next = ready.find((group) => !group.producer?.op.inPlace) ?? ready[0];
    ordered.push(next);
    done.add(next);
    waiting.delete(next);
  }
  return ordered;
}

function toUnit(group: Group, users: ReadonlyMap<Value, number>, target: Target): Unit {
  const { producer, chain } = group;
  const inside = new Set<Step>([...(producer ? [producer] : []), ...chain]);
  const flops = [...inside].reduce((total, step) => total + flopsOf(step), 0);
  const operands = operandsOf(chain, inside);
  const inputs = [...(producer?.inputs ?? []), ...operands];
  const firstOperand = producer?.inputs.length ?? 0;
  const stored = leaving(inside, users);

  const argumentOf = (value: Value): ChainArgument => {
    if (isInline(value)) return { kind: 'constant', value: value.constant![0], dtype: value.spec.dtype };
    if (producer && value === producer.outputs[0]) return { kind: 'value' };
    const index = chain.findIndex((step) => step.outputs[0] === value);
    return index >= 0 ? { kind: 'step', index } : { kind: 'operand', index: operands.indexOf(value) };
  };
  const makeChain = (main: Value | null, stores: readonly Value[], firstStore: number): Chain => ({
    shape: group.shape,
    steps: chain.map((step) => ({
      elementwise: step.op.elementwise!,
      attrs: step.attrs,
      arguments: step.inputs.map(argumentOf),
      dtype: step.outputs[0].spec.dtype,
    })),
    operands: operands.map((value, i) => ({ spec: value.spec, binding: { input: firstOperand + i } })),
    stores: stores.map((value, i) => ({
      from: argumentOf(value),
      dtype: value.spec.dtype,
      binding: { output: firstStore + i },
    })),
    main: main && argumentOf(main),
  });

  if (!producer) {
    const label = chain.map((step) => step.op.name).join('+');
    const calls = [chainKernel(makeChain(null, stored, 0), label)];
    return {
      path: chain[chain.length - 1].path,
      steps: chain,
      calls,
      inputs,
      outputs: stored,
      inPlace: [],
      view: false,
      flops,
    };
  }

  const steps = [producer, ...chain];
  const { op, attrs } = producer;
  const inPlace = op.inPlace?.(producer.inputs.length, attrs) ?? [];
  if (op.view) {
    const { path, outputs } = producer;
    return { path, steps, calls: [], inputs, outputs, inPlace, view: true, flops };
  }
  // The kernel's own store takes the last float32 value that leaves; the others get stores in the epilogue.
  const main = stored.filter((value) => value.spec.dtype === 'float32').at(-1) ?? producer.outputs[0];
  const others = stored.filter((value) => value !== main);
  const outputs = [main, ...producer.outputs.slice(1), ...others];
  const epilogue =
    chain.length > 0 ? chainEpilogue(makeChain(main, others, producer.outputs.length)) : noEpilogue;
  if (!op.kernels) throw new Error(`${op.name} has neither kernels nor an elementwise expression`);
  const calls = op.kernels({
    inputs: producer.inputs.map((value) => value.spec),
    outputs: producer.outputs.map((value) => value.spec),
    attrs,
    target: tunedTarget(target, producer),
    used: producer.outputs.map((value) => (users.get(value) ?? 0) > 0),
    epilogue,
  });
  const { path } = steps[steps.length - 1];
  return { path, steps, calls, inputs, outputs, inPlace, view: false, flops };
}
