import copySource from '#shaders/copy.wgsl' with { type: 'text' };
import { bytesPerElement } from '../core/dtype.ts';
import { GraphError, LimitError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { fuse, type Unit } from './fuse.ts';
import type { Variable } from './graph.ts';
import { type Binding, type KernelCall, linearGrid, type Target, type TensorSpec } from './kernel.ts';
import {
  alignment,
  type BufferPlan,
  type Plan,
  type PlannedCall,
  type Region,
  storageBytes,
  variableLayout,
} from './layout.ts';
import type { Trace, Value } from './trace.ts';

export interface PlanOptions {
  /** Give each value a buffer of its own, followed by this many bytes that no kernel may touch. For tests. */
  guardBytes?: number;
}

/** Lays out the memory of a program: each value lives from its first writer to its last reader. */
export function plan(trace: Trace, target: Target, options: PlanOptions = {}): Plan {
  return new Planner(trace, target, options).run();
}

/** Outputs that a unit's calls bind; those that nothing reads may be left out. */
function boundOutputs(unit: Unit): Set<number> {
  const bindings = unit.calls.flatMap((call) => call.bindings);
  return new Set(
    bindings.flatMap((binding) =>
      'output' in binding ? [binding.output] : 'outputs' in binding ? binding.outputs : [],
    ),
  );
}

class Planner {
  private readonly buffers: BufferPlan[] = [];
  private readonly units: Unit[];
  private readonly regions = new Map<Value, Region>();
  /** Buffers that values may take over from each other, and those of them that are free at the moment. */
  private readonly sharedBuffers = new Set<number>();
  private readonly free: number[] = [];
  /** Group members that lie elsewhere and are copied in before the kernel that wants the group. */
  private readonly groupCopies: { member: Value; region: Region }[] = [];
  private readonly lastUse = new Map<Value, number>();
  private readonly aliases = new Map<Value, Value>();
  private readonly variableBuffers = new Map<string, { buffer: number; offsets: Map<Variable, number> }>();
  private readonly calls: PlannedCall[] = [];
  private readonly copies: { from: Region; to: Region }[] = [];
  private readonly guardBytes: number;
  private unsharedBytes = 0;

  constructor(
    private readonly trace: Trace,
    private readonly target: Target,
    options: PlanOptions,
  ) {
    this.guardBytes = options.guardBytes ?? 0;
    this.units = fuse(trace, target);
  }

  run(): Plan {
    for (const unit of this.units) {
      if (unit.view) this.aliases.set(unit.outputs[0], this.root(unit.inputs[0]));
    }
    const inPlaceAt = this.findInPlaceUpdates();
    this.findLastUses();
    this.placeGroups(inPlaceAt);
    this.units.forEach((unit, time) => {
      if (!unit.view) this.place(unit, time, inPlaceAt);
    });
    const outputs = new Map<string, { region: Region; spec: TensorSpec }>();
    for (const [name, value] of this.trace.outputs) {
      outputs.set(name, { region: this.regionOf(value), spec: value.spec });
    }
    for (const [variable, value] of this.trace.updates) {
      const to = this.variableRegion(variable);
      const from = this.settled(value);
      if (from.buffer !== to.buffer || from.offset !== to.offset) this.copies.push({ from, to });
    }
    const memory = this.buffers.filter((buffer) => buffer.kind === 'memory');
    return {
      calls: this.calls,
      buffers: this.buffers,
      outputs,
      copies: this.copies,
      flops: this.units.reduce((total, unit) => total + unit.flops, 0),
      memoryBytes: memory.reduce((total, buffer) => total + buffer.bytes, 0),
      unsharedBytes: this.unsharedBytes,
    };
  }

  /** Where an update may be copied from after the last dispatch: not from a variable, which another update may change. */
  private settled(value: Value): Region {
    const from = this.regionOf(value);
    if (!this.root(value).variable || this.buffers[from.buffer].kind !== 'variables') return from;
    const to = { buffer: this.allocate(from.bytes, `${value.path} before`), offset: 0, bytes: from.bytes };
    this.copyCall(from, to, value.path);
    return to;
  }

  /** The value in whose memory `value` lies: views have none of their own. */
  private root(value: Value): Value {
    return this.aliases.get(value) ?? value;
  }

  /** For each variable that a unit updates in place, that unit's time. */
  private findInPlaceUpdates(): Map<Variable, number> {
    const updates = new Map(this.trace.updates.map(([variable, value]) => [value, variable]));
    const found = new Map<Variable, number>();
    this.units.forEach((unit, time) => {
      for (const [output, input] of unit.inPlace) {
        const variable = unit.inputs[input].variable;
        if (variable && updates.get(unit.outputs[output]) === variable) found.set(variable, time);
      }
    });
    return found;
  }

  private findLastUses(): void {
    this.units.forEach((unit, time) => {
      for (const value of [...unit.inputs, ...unit.outputs]) this.lastUse.set(this.root(value), time);
    });
    const kept = [...this.trace.outputs.values(), ...this.trace.updates.map(([, value]) => value)];
    for (const value of kept) this.lastUse.set(this.root(value), Number.POSITIVE_INFINITY);
  }

  /** Inputs that a kernel wants in one buffer get a buffer for that group, apart from the shared memory. */
  private placeGroups(inPlaceAt: ReadonlyMap<Variable, number>): void {
    const placed = new Set<string>();
    for (const unit of this.units) {
      for (const call of unit.calls) {
        for (const binding of call.bindings) {
          if (!('inputs' in binding)) continue;
          const members = binding.inputs.map((i) => unit.inputs[i]);
          const key = members.map((member) => member.id).join();
          if (placed.has(key) || this.lieTogether(members, inPlaceAt)) continue;
          placed.add(key);
          this.placeGroup(members, `${unit.path} inputs`);
        }
      }
    }
  }

  /** Variables of one group share a buffer anyway, and so do the values that are written over them. */
  private lieTogether(members: readonly Value[], inPlaceAt: ReadonlyMap<Variable, number>): boolean {
    const groups = members.map((member) => {
      const [updated] = this.trace.updates.find(([, value]) => value === member) ?? [];
      return member.variable?.group ?? (updated && inPlaceAt.has(updated) ? updated.group : undefined);
    });
    return groups[0] !== undefined && groups.every((group) => group === groups[0]);
  }

  private placeGroup(members: readonly Value[], label: string): void {
    const buffer = this.buffers.length;
    const group: BufferPlan = { kind: 'memory', bytes: 0, label };
    this.buffers.push(group);
    const direct = new Set<Value>();
    for (const member of new Set(members)) {
      const root = this.root(member);
      // Two parameters can have one gradient: a second bias beside the first.
      if (this.regions.get(root)?.buffer === buffer) continue;
      const region = { buffer, offset: group.bytes, bytes: storageBytes(member.spec) };
      group.bytes += Math.ceil((region.bytes + this.guardBytes) / alignment) * alignment;
      if (this.mayLieInGroup(root, direct)) {
        this.regions.set(root, region);
        direct.add(root);
      } else if (this.startsAsZeros(root)) {
        // New buffers are 0, and nothing else is ever written here.
        this.regions.set(root, region);
      } else {
        this.groupCopies.push({ member, region });
      }
    }
    this.unsharedBytes += group.bytes;
    this.checkSize(label, group.bytes);
  }

  private startsAsZeros(root: Value): boolean {
    return this.guardBytes === 0 && !this.regions.has(root) && !!root.constant?.every((value) => value === 0);
  }

  /** A kernel may not read one part of a buffer while it writes another. */
  private mayLieInGroup(root: Value, direct: ReadonlySet<Value>): boolean {
    if (!root.producer || this.regions.has(root)) return false;
    return this.units.every((unit) => {
      if (unit.view) return true;
      const reads = unit.inputs.some((input) => this.root(input) === root);
      const writes = unit.outputs.some((output) => this.root(output) === root);
      const readsOther = unit.inputs.some((input) => direct.has(this.root(input)));
      const writesOther = unit.outputs.some((output) => direct.has(this.root(output)));
      return !(reads && writesOther) && !(writes && readsOther);
    });
  }

  private place(unit: Unit, time: number, inPlaceAt: ReadonlyMap<Variable, number>): void {
    this.keepOldValues(unit, time, inPlaceAt);
    const scratch = new Map<string, number>();
    const taken: number[] = [];
    const allocate = (bytes: number, label: string) => {
      const buffer = this.allocate(bytes, label);
      return { buffer, offset: 0, bytes };
    };
    for (const [output, input] of unit.inPlace) this.placeInPlace(unit, output, input, inPlaceAt);
    const bound = boundOutputs(unit);
    unit.outputs.forEach((value, i) => {
      if (this.regions.has(value) || !bound.has(i)) return;
      this.regions.set(
        value,
        allocate(storageBytes(value.spec), `${value.path} ${showShape(value.spec.shape)}`),
      );
    });
    for (const call of unit.calls) {
      for (const binding of call.bindings) {
        if (!('scratch' in binding) || scratch.has(binding.scratch)) continue;
        const region = allocate(Math.ceil(binding.bytes / 16) * 16, `${unit.path} ${binding.scratch}`);
        scratch.set(binding.scratch, region.buffer);
        taken.push(region.buffer);
      }
    }
    for (const [i, call] of unit.calls.entries()) {
      const regions = call.bindings.map((binding) => this.regionOfBinding(unit, binding, scratch));
      this.calls.push({ call, path: unit.path, regions, flops: i === 0 ? unit.flops : 0 });
    }
    for (const value of new Set([...unit.inputs, ...unit.outputs].map((each) => this.root(each)))) {
      const region = this.regions.get(value);
      if (!region || this.lastUse.get(value) !== time || !value.producer) continue;
      if (this.sharedBuffers.has(region.buffer)) taken.push(region.buffer);
    }
    if (this.guardBytes === 0) this.free.push(...taken);
  }

  private allocate(bytes: number, label: string): number {
    this.unsharedBytes += bytes;
    this.checkSize(label, bytes);
    // The smallest free buffer that is large enough, or else the largest, which then grows.
    this.free.sort((a, b) => this.buffers[a].bytes - this.buffers[b].bytes);
    const at = this.free.findIndex((buffer) => this.buffers[buffer].bytes >= bytes);
    const found = at >= 0 ? this.free.splice(at, 1)[0] : this.free.pop();
    if (found !== undefined) {
      const buffer = this.buffers[found];
      if (buffer.kind === 'memory') buffer.bytes = Math.max(buffer.bytes, bytes);
      return found;
    }
    this.buffers.push({ kind: 'memory', bytes: bytes + this.guardBytes, label });
    this.sharedBuffers.add(this.buffers.length - 1);
    return this.buffers.length - 1;
  }

  /** An output that shares its input's memory. Where the input must keep its value, a copy is updated instead. */
  private placeInPlace(
    unit: Unit,
    output: number,
    input: number,
    inPlaceAt: ReadonlyMap<Variable, number>,
  ): void {
    const variable = unit.inputs[input].variable;
    const value = unit.outputs[output];
    if (
      variable &&
      inPlaceAt.has(variable) &&
      this.trace.updates.some(([v, u]) => v === variable && u === value)
    ) {
      this.regions.set(value, this.variableRegion(variable));
      return;
    }
    const bytes = storageBytes(value.spec);
    const to = { buffer: this.allocate(bytes, value.path), offset: 0, bytes };
    this.regions.set(value, to);
    this.copyCall(this.regionOf(unit.inputs[input]), to, unit.path);
  }

  /** Readers of a variable that run after its update in place see a copy made before the update. */
  private keepOldValues(unit: Unit, time: number, inPlaceAt: ReadonlyMap<Variable, number>): void {
    for (const [, input] of unit.inPlace) {
      const value = unit.inputs[input];
      if (!value.variable || inPlaceAt.get(value.variable) !== time) continue;
      const readLater =
        this.units
          .slice(time + 1)
          .some((later) => later.inputs.some((other) => this.root(other) === value)) ||
        [...this.trace.outputs.values()].some((other) => this.root(other) === value) ||
        this.trace.updates.some(([, other]) => this.root(other) === value);
      if (!readLater) continue;
      const bytes = storageBytes(value.spec);
      const to = { buffer: this.allocate(bytes, `${value.path} before`), offset: 0, bytes };
      this.copyCall(this.variableRegion(value.variable), to, unit.path);
      this.regions.set(value, to);
    }
  }

  private copyCall(from: Region, to: Region, path: string): void {
    const words = Math.ceil(from.bytes / 16);
    const call: KernelCall = {
      label: 'copy',
      source: copySource,
      variant: {},
      params: { count: words },
      bindings: [],
      workgroups: linearGrid(Math.ceil(words / 256)),
    };
    this.calls.push({ call, path, regions: [from, to], flops: 0 });
  }

  private regionOfBinding(unit: Unit, binding: Binding, scratch: ReadonlyMap<string, number>): Region {
    if ('input' in binding) return this.regionOf(unit.inputs[binding.input]);
    if ('output' in binding) return this.regionOf(unit.outputs[binding.output]);
    if ('scratch' in binding) {
      const buffer = scratch.get(binding.scratch);
      if (buffer === undefined)
        throw new GraphError(`${unit.path}: scratch "${binding.scratch}" has no memory`);
      return { buffer, offset: 0, bytes: Math.ceil(binding.bytes / 16) * 16 };
    }
    if ('words' in binding) return this.wordsRegion(unit, binding.words);
    const members = 'inputs' in binding ? binding.inputs : binding.outputs;
    const values = members.map((i) => ('inputs' in binding ? unit.inputs[i] : unit.outputs[i]));
    if ('inputs' in binding) this.runGroupCopies(values, unit.path);
    const { buffer } = this.groupRegion(values[0]);
    for (const value of values) {
      if (this.groupRegion(value).buffer !== buffer) {
        throw new GraphError(
          `${unit.path}: ${value.path} does not lie with the others that are updated together`,
        );
      }
    }
    return { buffer, offset: 0, bytes: this.buffers[buffer].bytes };
  }

  private runGroupCopies(values: readonly Value[], path: string): void {
    for (const { member, region } of this.groupCopies) {
      if (values.includes(member)) this.copyCall(this.regionOf(member), region, path);
    }
  }

  private groupRegion(value: Value): Region {
    return this.groupCopies.find(({ member }) => member === value)?.region ?? this.regionOf(value);
  }

  private wordsRegion(
    unit: Unit,
    words: readonly (number | { offsetOf: { input: number } | { output: number } })[],
  ): Region {
    const resolved = words.map((word) => {
      if (typeof word === 'number') return word >>> 0;
      const place = word.offsetOf;
      const value = 'input' in place ? unit.inputs[place.input] : unit.outputs[place.output];
      return this.groupRegion(value).offset / bytesPerElement(value.spec.dtype);
    });
    const bytes = Math.ceil((resolved.length * 4) / 16) * 16;
    this.buffers.push({ kind: 'words', bytes, label: `${unit.path} table`, words: resolved });
    return { buffer: this.buffers.length - 1, offset: 0, bytes };
  }

  private regionOf(value: Value): Region {
    const root = this.root(value);
    const known = this.regions.get(root);
    if (known) return known;
    const region = this.leafRegion(root);
    this.regions.set(root, region);
    return region;
  }

  private leafRegion(value: Value): Region {
    if (value.variable) return this.variableRegion(value.variable);
    const bytes = storageBytes(value.spec);
    if (value.producer) throw new GraphError(`${value.path}: read before it is computed`);
    const kind = value.constant ? 'constant' : 'feed';
    this.checkSize(`${value.path} ${showShape(value.spec.shape)}`, bytes);
    this.buffers.push({ kind, bytes, label: value.path, value });
    return { buffer: this.buffers.length - 1, offset: 0, bytes };
  }

  private variableRegion(variable: Variable): Region {
    let group = this.variableBuffers.get(variable.group);
    if (!group) {
      const { offsets, bytes } = variableLayout(variable.graph, variable.group);
      group = { buffer: this.buffers.length, offsets };
      this.buffers.push({ kind: 'variables', bytes, label: variable.group, group: variable.group });
      this.variableBuffers.set(variable.group, group);
      this.checkSize(`${variable.name} ${showShape(variable.shape)} in ${variable.group}`, bytes);
    }
    return { buffer: group.buffer, offset: group.offsets.get(variable) ?? 0, bytes: storageBytes(variable) };
  }

  private checkSize(label: string, bytes: number): void {
    const limit = this.target.limits.storageBindingBytes;
    if (bytes > limit) {
      throw new LimitError(
        `${label} takes ${bytes} bytes, the adapter binds at most ${limit} (maxStorageBufferBindingSize); use a smaller batch or split the tensor`,
      );
    }
  }
}
