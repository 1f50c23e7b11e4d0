import { GraphError } from '../core/errors.ts';
import type { AttributeProto, GraphProto } from './schema.ts';
import { type OnnxTensor, readTensor } from './tensorData.ts';

/**
 * The attributes of a node. What a handler does not ask for, it does not support: `unread` tells, so that no attribute is passed over
 * in silence.
 */
export class Attributes {
  private readonly byName: ReadonlyMap<string, AttributeProto>;
  private readonly read = new Set<string>();

  constructor(attributes: readonly AttributeProto[]) {
    this.byName = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  }

  has(name: string): boolean {
    return this.take(name) !== undefined;
  }

  int(name: string, otherwise: number): number;
  int(name: string): number | undefined;
  int(name: string, otherwise?: number): number | undefined {
    const attribute = this.take(name);
    return attribute ? (attribute.i ?? 0) : otherwise;
  }

  /** An int that means yes or no. */
  flag(name: string, otherwise = false): boolean {
    return this.int(name, Number(otherwise)) !== 0;
  }

  float(name: string, otherwise: number): number;
  float(name: string): number | undefined;
  float(name: string, otherwise?: number): number | undefined {
    const attribute = this.take(name);
    return attribute ? (attribute.f ?? 0) : otherwise;
  }

  string(name: string, otherwise: string): string {
    const attribute = this.take(name);
    return attribute ? (attribute.s ?? '') : otherwise;
  }

  /** A string that must be one of a few. */
  choice<Choice extends string>(name: string, choices: readonly Choice[], otherwise: Choice): Choice {
    const given = this.string(name, otherwise);
    const found = choices.find((choice) => choice === given);
    if (found === undefined) {
      throw new GraphError(`attribute ${name} is "${given}", expected one of ${choices.join(', ')}`);
    }
    return found;
  }

  ints(name: string): number[] | undefined {
    return this.take(name)?.ints;
  }

  floats(name: string): number[] | undefined {
    return this.take(name)?.floats;
  }

  strings(name: string): string[] | undefined {
    return this.take(name)?.strings;
  }

  tensor(name: string): OnnxTensor | undefined {
    const attribute = this.take(name);
    if (!attribute) return undefined;
    if (!attribute.t) throw new GraphError(`attribute ${name} is no tensor`);
    return readTensor(attribute.t);
  }

  graph(name: string): GraphProto {
    const graph = this.take(name)?.g;
    if (!graph) throw new GraphError(`attribute ${name} must be a graph`);
    return graph;
  }

  /** Declares that an attribute does not matter here. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.read.add(name);
  }

  /** The names of the attributes that nobody asked for. */
  get unread(): string[] {
    return [...this.byName.keys()].filter((name) => !this.read.has(name));
  }

  private take(name: string): AttributeProto | undefined {
    this.read.add(name);
    return this.byName.get(name);
  }
}
