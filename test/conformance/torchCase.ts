import type { DType, Graph, Shape, Tensor, Variable } from '../../src/index.ts';

/** A tensor of a case. JSON has no NaN and no infinity: there they are strings. */
export interface StoredNumbers {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: readonly (number | 'NaN' | 'Infinity' | '-Infinity')[];
}

type NamedNumbers = Readonly<Record<string, StoredNumbers>>;

/** One file of the folder `torch`; its README tells the meaning. */
export interface TorchCase {
  readonly name: string;
  /** A whole run is a `TrainingCase`. */
  readonly kind?: 'op';
  readonly op: string;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: NamedNumbers;
  readonly outputs: NamedNumbers;
  readonly outputGradients: NamedNumbers;
  readonly inputGradients: NamedNumbers;
  readonly tolerance: { readonly rtol: number; readonly atol: number };
}

/** A whole training run. */
export interface TrainingCase {
  readonly kind: 'training';
  readonly model: string;
  readonly description: string;
  readonly loss: string;
  readonly optimizer: Readonly<Record<string, string | number | boolean>>;
  readonly clipGlobalNorm: number | null;
  readonly learningRates: readonly number[];
  readonly initial: NamedNumbers;
  readonly batches: readonly { readonly input: StoredNumbers; readonly labels: StoredNumbers }[];
  readonly losses: readonly number[];
  readonly final: NamedNumbers;
  readonly tolerance: { readonly rtol: number; readonly atol: number };
}

export function numbersOf({ data }: StoredNumbers): number[] {
  return data.map(Number);
}

/** What a rule makes its outputs of. Inputs and attributes that a rule leaves unread are an error: it does not mean the same op. */
export class CaseReader {
  private readonly unread: Set<string>;

  constructor(
    readonly graph: Graph,
    private readonly tensors: Readonly<Record<string, Tensor>>,
    private readonly attrs: TorchCase['attrs'],
  ) {
    // A note explains and asks for nothing.
    this.unread = new Set([...Object.keys(tensors), ...Object.keys(attrs)].filter((name) => name !== 'note'));
  }

  tensor(name: string): Tensor {
    const tensor = this.optionalTensor(name);
    if (!tensor)
      throw new Error(
        `the case has no input "${name}" (its inputs: ${Object.keys(this.tensors).join(', ')})`,
      );
    return tensor;
  }

  optionalTensor(name: string): Tensor | undefined {
    this.unread.delete(name);
    return this.tensors[name];
  }

  number(name: string): number {
    return this.attr(name, 'a number', (value) => typeof value === 'number');
  }

  /** Undefined where the case does not speak of it. */
  optionalNumber(name: string): number | undefined {
    return name in this.attrs ? this.number(name) : undefined;
  }

  boolean(name: string): boolean {
    return this.attr(name, 'a boolean', (value) => typeof value === 'boolean');
  }

  /** False where the case does not speak of it. */
  optionalBoolean(name: string): boolean {
    return name in this.attrs && this.boolean(name);
  }

  numbers(name: string): number[] {
    return this.attr(name, 'numbers', isNumbers);
  }

  optionalNumbers(name: string): number[] | undefined {
    return name in this.attrs ? this.numbers(name) : undefined;
  }

  pair(name: string): [number, number] {
    return this.attr(name, 'two numbers', (value) => isNumbers(value) && value.length === 2);
  }

  /** One of the strings in `allowed`. */
  choice<Choice extends string>(name: string, ...allowed: Choice[]): Choice {
    return this.attr(name, allowed.join(' or '), (value) => allowed.some((each) => each === value));
  }

  /** An attribute that holds numbers of its own, as a variable that is no parameter. */
  state(name: string): Variable {
    const isNumbersWithShape = (value: unknown) =>
      typeof value === 'object' && value !== null && 'data' in value;
    const stored = this.attr<StoredNumbers>(name, 'a tensor', isNumbersWithShape);
    return this.graph.variable(name, stored.shape, { initializer: numbersOf(stored), trainable: false });
  }

  checkAllRead(): void {
    if (this.unread.size > 0)
      throw new Error(`the rule for the op does not read ${[...this.unread].join(', ')}`);
  }

  private attr<Value>(name: string, expected: string, fits: (value: unknown) => boolean): Value {
    this.unread.delete(name);
    const value = this.attrs[name];
    if (!fits(value))
      throw new Error(`the attribute "${name}" should be ${expected}, it is ${JSON.stringify(value)}`);
    return value as Value;
  }
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'number');
}
