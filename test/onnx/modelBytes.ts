import { PbfWriter } from 'pbf';

// Writes ONNX files for tests, field by field as https://github.com/onnx/onnx/blob/main/onnx/onnx.proto numbers them.

export type TypeName = keyof typeof codes;

const codes = {
  float: 1,
  uint8: 2,
  int8: 3,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
};

export interface TensorText {
  readonly type: TypeName;
  readonly shape: readonly number[];
  readonly numbers: readonly number[];
}

export type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { float: number }
  | { floats: readonly number[] }
  | { tensor: TensorText }
  | { graph: GraphText };

export interface NodeText {
  readonly op: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

export interface InfoText {
  readonly type?: TypeName;
  readonly shape?: readonly (number | string)[];
}

export interface GraphText {
  readonly inputs?: Readonly<Record<string, InfoText>>;
  readonly outputs: readonly string[];
  readonly initializers?: Readonly<
    Record<string, TensorText & { external?: Readonly<Record<string, string>> }>
  >;
  readonly nodes: readonly NodeText[];
}

export interface FunctionText {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly (NodeText & { references?: Readonly<Record<string, string>> })[];
}

export interface ModelText extends GraphText {
  /** Versions by domain; default { '': 17 }. */
  readonly opsets?: Readonly<Record<string, number>>;
  readonly functions?: readonly FunctionText[];
}

/** A message made by `write`. */
function message(write: (pbf: PbfWriter) => void): Uint8Array {
  const pbf = new PbfWriter();
  write(pbf);
  return new Uint8Array(pbf.finish());
}

function bytesOf({ type, numbers }: TensorText): Uint8Array {
  const arrays = {
    float: Float32Array,
    uint8: Uint8Array,
    int8: Int8Array,
    int16: Int16Array,
    int32: Int32Array,
    bool: Uint8Array,
    float16: Uint16Array,
    double: Float64Array,
    string: Uint8Array,
    int64: null,
  } as const;
  const kind = arrays[type];
  const array = kind ? kind.from(numbers) : BigInt64Array.from(numbers, (value) => BigInt(value));
  return new Uint8Array(array.buffer);
}

export function tensorBytes(
  name: string,
  tensor: TensorText & { external?: Readonly<Record<string, string>> },
): Uint8Array {
  return message((pbf) => {
    for (const length of tensor.shape) pbf.writeVarintField(1, length);
    pbf.writeVarintField(2, codes[tensor.type]);
    pbf.writeStringField(8, name);
    if (!tensor.external) {
      pbf.writeBytesField(9, bytesOf(tensor));
      return;
    }
    for (const [key, value] of Object.entries(tensor.external)) {
      pbf.writeBytesField(
        13,
        message((entry) => {
          entry.writeStringField(1, key);
          entry.writeStringField(2, value);
        }),
      );
    }
    pbf.writeVarintField(14, 1);
  });
}

function infoBytes(name: string, { type = 'float', shape }: InfoText): Uint8Array {
  const dimensions = (pbf: PbfWriter) => {
    for (const length of shape ?? []) {
      pbf.writeBytesField(
        1,
        message((each) =>
          typeof length === 'number' ? each.writeVarintField(1, length) : each.writeStringField(2, length),
        ),
      );
    }
  };
  const tensorType = message((pbf) => {
    pbf.writeVarintField(1, codes[type]);
    if (shape) pbf.writeBytesField(2, message(dimensions));
  });
  return message((pbf) => {
    pbf.writeStringField(1, name);
    pbf.writeBytesField(
      2,
      message((outer) => outer.writeBytesField(1, tensorType)),
    );
  });
}

/** A whole number is an int, another one a float; lists alike. */
function attributeBytes(name: string, value: AttributeValue): Uint8Array {
  return message((pbf) => {
    pbf.writeStringField(1, name);
    const type = (code: number) => pbf.writeVarintField(20, code);
    if (typeof value === 'string') {
      pbf.writeStringField(4, value);
      type(3);
    } else if (typeof value === 'number' && Number.isInteger(value)) {
      pbf.writeVarintField(3, value);
      type(2);
    } else if (typeof value === 'number') {
      pbf.writeFloatField(2, value);
      type(1);
    } else if ('float' in value) {
      pbf.writeFloatField(2, value.float);
      type(1);
    } else if ('floats' in value) {
      for (const each of value.floats) pbf.writeFloatField(7, each);
      type(6);
    } else if ('tensor' in value) {
      pbf.writeBytesField(5, tensorBytes('', value.tensor));
      type(4);
    } else if ('graph' in value) {
      pbf.writeBytesField(6, graphBytes(value.graph));
      type(5);
    } else {
      for (const each of value) {
        if (typeof each === 'string') pbf.writeStringField(9, each);
        else pbf.writeVarintField(8, each);
      }
      type(typeof value[0] === 'string' ? 8 : 7);
    }
  });
}

function nodeBytes(node: NodeText & { references?: Readonly<Record<string, string>> }): Uint8Array {
  return message((pbf) => {
    for (const name of node.inputs ?? []) pbf.writeStringField(1, name);
    for (const name of node.outputs ?? ['y']) pbf.writeStringField(2, name);
    if (node.name) pbf.writeStringField(3, node.name);
    pbf.writeStringField(4, node.op);
    for (const [name, value] of Object.entries(node.attributes ?? {}))
      pbf.writeBytesField(5, attributeBytes(name, value));
    for (const [name, from] of Object.entries(node.references ?? {})) {
      pbf.writeBytesField(
        5,
        message((each) => {
          each.writeStringField(1, name);
          each.writeStringField(21, from);
        }),
      );
    }
    if (node.domain) pbf.writeStringField(7, node.domain);
  });
}

function graphBytes(graph: GraphText): Uint8Array {
  return message((pbf) => {
    for (const node of graph.nodes) pbf.writeBytesField(1, nodeBytes(node));
    pbf.writeStringField(2, 'graph');
    for (const [name, tensor] of Object.entries(graph.initializers ?? {}))
      pbf.writeBytesField(5, tensorBytes(name, tensor));
    for (const [name, info] of Object.entries(graph.inputs ?? {}))
      pbf.writeBytesField(11, infoBytes(name, info));
    for (const name of graph.outputs)
      pbf.writeBytesField(
        12,
        message((each) => each.writeStringField(1, name)),
      );
  });
}

/** An ONNX file. */
export function modelBytes(model: ModelText): Uint8Array {
  return message((pbf) => {
    pbf.writeVarintField(1, 8);
    pbf.writeBytesField(7, graphBytes(model));
    for (const [domain, version] of Object.entries(model.opsets ?? { '': 17 })) {
      pbf.writeBytesField(
        8,
        message((each) => {
          each.writeStringField(1, domain);
          each.writeVarintField(2, version);
        }),
      );
    }
    for (const made of model.functions ?? []) {
      pbf.writeBytesField(
        25,
        message((each) => {
          each.writeStringField(1, made.name);
          for (const name of made.inputs) each.writeStringField(4, name);
          for (const name of made.outputs) each.writeStringField(5, name);
          for (const node of made.nodes) each.writeBytesField(7, nodeBytes(node));
          for (const [domain, version] of [
            ['', 17],
            [made.domain, 1],
          ] as const) {
            each.writeBytesField(
              9,
              message((opset) => {
                opset.writeStringField(1, domain);
                opset.writeVarintField(2, version);
              }),
            );
          }
          each.writeStringField(10, made.domain);
        }),
      );
    }
  });
}
