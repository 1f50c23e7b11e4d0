import type { Device } from '../../../src/backends/backend.ts';
import { type DType, roundTo } from '../../../src/core/dtype.ts';
import type { Shape } from '../../../src/core/shape.ts';
import { type Bound, secondBound, secondBoundFloat16 } from '../../../src/verify/bounds.ts';
import { MLGraphBuilder, type MLNumbers, MLOperand, type MLOperandDataType } from '../../../src/webnn.ts';
import {
  type Output,
  Skipped,
  type Suite,
  type SuiteCase,
  skipUnsupportedNumbers,
  textOf,
} from '../suite.ts';
import { modernised } from './webnnOlder.ts';

/** A number that JSON cannot hold is a string. */
type StoredNumber = number | string;

interface StoredOperand {
  readonly data: readonly StoredNumber[] | StoredNumber;
  readonly descriptor: { readonly shape: Shape; readonly dataType: MLOperandDataType };
  readonly constant?: boolean;
}

/** One use of an operator: its arguments in the order of the method's, each with the parameter's name. */
export interface StoredOperator {
  readonly name: string;
  readonly arguments: readonly Readonly<Record<string, unknown>>[];
  readonly outputs: string | readonly string[];
}

interface StoredCase {
  readonly id: string;
  readonly op: string;
  readonly graph: {
    readonly inputs: Readonly<Record<string, StoredOperand>>;
    readonly operators: readonly StoredOperator[];
    readonly expectedOutputs: Readonly<Record<string, StoredOperand>>;
  };
  readonly tolerance: {
    readonly metricType: 'ULP' | 'ATOL' | 'ALLCLOSE';
    readonly value?: number;
    readonly atol?: number;
    readonly rtol?: number;
  };
}

/** Operator cases as JSON, many to a file: the folder's `index.json` names the files. */
export const webnn: Suite = {
  name: 'webnn',
  matches: (files) =>
    files.names.includes('index.json') && /"file" ?: ?"[\w-]+\/\w+\.json"/.test(textOf(files, 'index.json')),
  needs: (name) => name.endsWith('.json'),
  cases(files) {
    const index = JSON.parse(textOf(files, 'index.json')) as readonly { readonly file: string }[];
    return index.flatMap(({ file }) => JSON.parse(textOf(files, file)) as readonly StoredCase[]).map(toCase);
  },
};

function toCase(stored: StoredCase): SuiteCase {
  const { inputs, expectedOutputs } = stored.graph;
  const operands = [...Object.values(inputs), ...Object.values(expectedOutputs)];
  return {
    name: stored.id,
    op: stored.op,
    usesFloat16: operands.some(({ descriptor }) => descriptor.dataType === 'float16'),
    run: (device) => skipUnsupportedNumbers(() => runCase(device, stored)),
  };
}

async function runCase(device: Device, stored: StoredCase): Promise<Output[]> {
  const builder = new MLGraphBuilder();
  const operands = new Map<string, MLOperand>();
  const feeds: Record<string, MLNumbers> = {};
  for (const [name, operand] of Object.entries(stored.graph.inputs)) {
    const numbers = numbersOf(operand);
    if (operand.constant) operands.set(name, builder.constant(operand.descriptor, numbers));
    else {
      operands.set(name, builder.input(name, operand.descriptor));
      feeds[name] = numbers;
    }
  }
  for (const operator of stored.graph.operators) {
    const outputs = typeof operator.outputs === 'string' ? [operator.outputs] : operator.outputs;
    const made = call(builder, operator, operands);
    if (made.length < outputs.length)
      throw new Error(`${operator.name} gives ${made.length} outputs, expected ${outputs.length}`);
    for (const [i, name] of outputs.entries()) operands.set(name, made[i]);
  }
  const asked: Record<string, MLOperand> = {};
  for (const name of Object.keys(stored.graph.expectedOutputs)) {
    const operand = operands.get(name);
    if (!operand) throw new Error(`no operator makes the output "${name}"`);
    asked[name] = operand;
  }
  const graph = await builder.build(device, asked);
  try {
    const results = await graph.compute(feeds);
    return Object.entries(stored.graph.expectedOutputs).map(([name, expected]) => {
      const { shape, dataType } = expected.descriptor;
      const dtype: DType =
        dataType === 'float16' ? 'float16' : dataType.startsWith('float') ? 'float32' : 'int32';
      return {
        name,
        got: Array.from(results[name], Number),
        want: rounded(Array.from(numbersOf(expected), Number), dataType),
        dtype,
        shapes: { got: asked[name].shape, want: shape },
        bound: boundOf(stored.tolerance),
        secondBound: secondBoundOf(dtype),
      };
    });
  } finally {
    graph.destroy();
  }
}

/** Calls the builder's method of the operator's name. */
function call(
  builder: MLGraphBuilder,
  operator: StoredOperator,
  operands: ReadonlyMap<string, MLOperand>,
): MLOperand[] {
  const resolve = (value: unknown): unknown => {
    if (typeof value === 'string') return operands.get(value) ?? value;
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(each)]));
  };
  const { name, args } = modernised(
    operator.name,
    operator.arguments.map((argument) => resolve(Object.values(argument)[0])),
  );
  const method: unknown = Reflect.get(builder, name);
  if (typeof method !== 'function') throw new Skipped(`operator ${name} is not supported`);
  const made: unknown = Reflect.apply(method, builder, args);
  const list: unknown[] = Array.isArray(made) ? made : [made];
  return list.map((each) => {
    if (each instanceof MLOperand) return each;
    throw new Error(`${name} gives something that is no operand`);
  });
}

/** Decimal strings of 64-bit integers as bigints, which keep all their digits. */
function numbersOf({ data, descriptor }: StoredOperand): MLNumbers {
  const list = typeof data === 'object' ? data : [data];
  if (descriptor.dataType === 'int64' || descriptor.dataType === 'uint64')
    return list.map((value) => BigInt(value));
  return list.map(Number);
}

function rounded(values: readonly number[], dataType: MLOperandDataType): number[] {
  if (dataType !== 'float32' && dataType !== 'float16') return [...values];
  return values.map((value) => roundTo(dataType, value));
}

function boundOf({ metricType, value = 0, atol = 0, rtol = 0 }: StoredCase['tolerance']): Bound {
  if (metricType === 'ULP') return { ulp: value };
  if (metricType === 'ATOL') return { absolute: value, relative: 0 };
  return { absolute: atol, relative: rtol };
}

/** Integers have none: they are exact everywhere. */
function secondBoundOf(dtype: DType): Bound | undefined {
  if (dtype === 'float16') return secondBoundFloat16;
  return dtype === 'float32' ? secondBound : undefined;
}
