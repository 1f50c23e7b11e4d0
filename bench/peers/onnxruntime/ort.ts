import { onnx } from 'onnx-proto';
import * as ort from 'onnxruntime-web/webgpu';
import type { Runnable, TypedArray } from '../../page/contender.ts';

/** A node of the model: operator, names in and out, attributes. An empty name leaves an optional input out. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | string | readonly number[]>>;
}

/** A float32 tensor of the model, or the shape of an input or output. */
export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  /** Fed on the device in each step. */
  readonly inputs: Readonly<Record<string, { shape: readonly number[]; values: TypedArray }>>;
  /** Part of the model, as weights are. */
  readonly initializers: Readonly<
    Record<string, { shape: readonly number[]; values: TypedArray | BigInt64Array }>
  >;
  readonly outputs: Readonly<Record<string, readonly number[]>>;
}

const { FLOAT, INT64, INT32 } = onnx.TensorProto.DataType;

export function encodeModel(model: OnnxModel): Uint8Array {
  const valueInfo = (name: string, shape: readonly number[], elemType: number) => ({
    name,
    type: { tensorType: { elemType, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
  });
  const typeOf = (values: TypedArray | BigInt64Array) =>
    values instanceof BigInt64Array ? INT64 : values instanceof Float32Array ? FLOAT : INT32;
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 18 }],
    graph: {
      name: 'bench',
      node: model.nodes.map(({ op, inputs, outputs, attributes = {} }) => ({
        opType: op,
        name: outputs[0],
        input: [...inputs],
        output: [...outputs],
        attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      })),
      input: Object.entries(model.inputs).map(([name, { shape, values }]) =>
        valueInfo(name, shape, typeOf(values)),
      ),
      output: Object.entries(model.outputs).map(([name, shape]) => valueInfo(name, shape, FLOAT)),
      initializer: Object.entries(model.initializers).map(([name, { shape, values }]) => ({
        name,
        dims: [...shape],
        dataType: typeOf(values),
        rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      })),
    },
  }).finish();
}

function attribute(name: string, value: number | string | readonly number[]): onnx.IAttributeProto {
  const { INT, INTS, STRING, FLOAT: FLOAT_ATTRIBUTE } = onnx.AttributeProto.AttributeType;
  if (typeof value === 'string') return { name, type: STRING, s: new TextEncoder().encode(value) };
  if (typeof value !== 'number') return { name, type: INTS, ints: [...value] };
  return Number.isInteger(value) ? { name, type: INT, i: value } : { name, type: FLOAT_ATTRIBUTE, f: value };
}

/** Runs a model that is written here. */
export const runModel = (model: OnnxModel): Promise<Runnable> =>
  runFile(encodeModel(model), model.inputs, Object.keys(model.outputs));

/**
 * Inputs and outputs stay on the device, unless `feedsSteps`: then each step writes the inputs anew, into the same buffers. The graph is
 * captured, so that a step replays it, where ONNX Runtime can.
 */
export async function runFile(
  bytes: Uint8Array,
  inputs: OnnxModel['inputs'],
  outputs?: readonly string[],
  feedsSteps = false,
): Promise<Runnable> {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = new URL('./', import.meta.url).href;
  const open = (enableGraphCapture: boolean) =>
    ort.InferenceSession.create(bytes, {
      executionProviders: [{ name: 'webgpu', preferredLayout: 'NHWC', validationMode: 'disabled' }],
      graphOptimizationLevel: 'all',
      preferredOutputLocation: 'gpu-buffer',
      enableGraphCapture,
    });
  // Capture is refused where a node runs on the CPU.
  const session = await open(true).catch((e) => {
    console.log('capture refused', String(e));
    return open(false);
  });
  const device = (await ort.env.webgpu.device) as GPUDevice;
  const feeds: Record<string, ort.Tensor> = {};
  const writes: (() => void)[] = [];
  for (const [name, { shape, values }] of Object.entries(inputs)) {
    const size = Math.ceil((shape.reduce((a, b) => a * b, 1) * 4) / 16) * 16;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = device.createBuffer({ size, usage });
    writes.push(() => device.queue.writeBuffer(buffer, 0, values));
    feeds[name] = ort.Tensor.fromGpuBuffer(buffer, {
      dataType: values instanceof Int32Array ? 'int32' : 'float32',
      dims: [...shape],
    });
  }
  for (const write of writes) write();
  let last: ort.InferenceSession.ReturnType | null = null;
  const step = async () => {
    if (feedsSteps) for (const write of writes) write();
    const results = await session.run(feeds);
    for (const value of Object.values(last ?? {})) value.dispose();
    last = results;
  };
  return {
    step,
    async run() {
      await step();
      const results: Record<string, ArrayLike<number>> = {};
      for (const name of outputs ?? session.outputNames)
        results[name] = (await last![name].getData()) as Float32Array;
      return results;
    },
  };
}
