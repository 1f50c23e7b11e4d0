import { type Field, type FieldReaders, readMessage } from './protobuf.ts';

// The messages of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (Apache-2.0), with its names and field numbers, as far as an
// import needs them. Numbers of 64 bits become doubles, which holds sizes and indices exactly.

export interface TensorProto {
  name: string;
  dims: number[];
  dataType: number;
  floatData: number[];
  int32Data: number[];
  int64Data: number[];
  doubleData: number[];
  uint64Data: number[];
  rawData: Uint8Array | null;
  externalData: Map<string, string>;
  isExternal: boolean;
}

export interface ValueInfo {
  name: string;
  /** 0 where it is no tensor. */
  elementType: number;
  /** Lengths, names of lengths, or null for unknown ones; undefined where the rank is unknown, too. */
  shape: (number | string | null)[] | undefined;
}

export interface AttributeProto {
  name: string;
  /** `AttributeProto.AttributeType`; 0 in files of the first versions. */
  type: number;
  refAttrName: string;
  f?: number;
  i?: number;
  s?: string;
  t?: TensorProto;
  g?: GraphProto;
  floats: number[];
  ints: number[];
  strings: string[];
  isSparse: boolean;
}

export interface NodeProto {
  name: string;
  opType: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: AttributeProto[];
}

export interface GraphProto {
  name: string;
  nodes: NodeProto[];
  initializers: TensorProto[];
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  sparse: boolean;
}

export interface FunctionProto {
  name: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: string[];
  defaults: AttributeProto[];
  nodes: NodeProto[];
  opsets: Map<string, number>;
}

export interface ModelProto {
  irVersion: number;
  producerName: string;
  opsets: Map<string, number>;
  graph: GraphProto | null;
  functions: FunctionProto[];
}

const entryFields: FieldReaders<{ key: string; value: string }> = {
  1: (entry, field) => {
    entry.key = field.string();
  },
  2: (entry, field) => {
    entry.value = field.string();
  },
};

const tensorFields: FieldReaders<TensorProto> = {
  1: (tensor, field) => field.ints(tensor.dims),
  2: (tensor, field) => {
    tensor.dataType = field.int();
  },
  4: (tensor, field) => field.floats(tensor.floatData),
  5: (tensor, field) => field.ints(tensor.int32Data),
  7: (tensor, field) => field.ints(tensor.int64Data),
  8: (tensor, field) => {
    tensor.name = field.string();
  },
  9: (tensor, field) => {
    tensor.rawData = field.bytes();
  },
  10: (tensor, field) => field.doubles(tensor.doubleData),
  11: (tensor, field) => field.ints(tensor.uint64Data, false),
  13: (tensor, field) => {
    const { key, value } = field.message({ key: '', value: '' }, entryFields);
    tensor.externalData.set(key, value);
  },
  14: (tensor, field) => {
    tensor.isExternal = field.int() === 1;
  },
};

function emptyTensor(): TensorProto {
  return {
    name: '',
    dims: [],
    dataType: 0,
    floatData: [],
    int32Data: [],
    int64Data: [],
    doubleData: [],
    uint64Data: [],
    rawData: null,
    externalData: new Map(),
    isExternal: false,
  };
}

/** Reads a `TensorProto`, such as a file of the ONNX backend tests holds. */
export function readTensorProto(bytes: Uint8Array): TensorProto {
  return readMessage(bytes, emptyTensor(), tensorFields);
}

type Dimension = { length: number | string | null };

const dimensionFields: FieldReaders<Dimension> = {
  1: (dimension, field) => {
    dimension.length = field.int();
  },
  2: (dimension, field) => {
    dimension.length = field.string() || null;
  },
};

const shapeFields: FieldReaders<(number | string | null)[]> = {
  1: (shape, field) => shape.push(field.message<Dimension>({ length: null }, dimensionFields).length),
};

const tensorTypeFields: FieldReaders<ValueInfo> = {
  1: (info, field) => {
    info.elementType = field.int();
  },
  2: (info, field) => {
    info.shape = field.message([], shapeFields);
  },
};

const typeFields: FieldReaders<ValueInfo> = {
  1: (info, field) => field.message(info, tensorTypeFields),
};

const valueInfoFields: FieldReaders<ValueInfo> = {
  1: (info, field) => {
    info.name = field.string();
  },
  2: (info, field) => field.message(info, typeFields),
};

function valueInfo(field: Field): ValueInfo {
  return field.message<ValueInfo>({ name: '', elementType: 0, shape: undefined }, valueInfoFields);
}

const attributeFields: FieldReaders<AttributeProto> = {
  1: (attribute, field) => {
    attribute.name = field.string();
  },
  2: (attribute, field) => {
    attribute.f = field.float();
  },
  3: (attribute, field) => {
    attribute.i = field.int();
  },
  4: (attribute, field) => {
    attribute.s = field.string();
  },
  5: (attribute, field) => {
    attribute.t = field.message(emptyTensor(), tensorFields);
  },
  6: (attribute, field) => {
    attribute.g = graph(field);
  },
  7: (attribute, field) => field.floats(attribute.floats),
  8: (attribute, field) => field.ints(attribute.ints),
  9: (attribute, field) => attribute.strings.push(field.string()),
  20: (attribute, field) => {
    attribute.type = field.int();
  },
  21: (attribute, field) => {
    attribute.refAttrName = field.string();
  },
  22: (attribute) => {
    attribute.isSparse = true;
  },
};

function attribute(field: Field): AttributeProto {
  return field.message<AttributeProto>(
    { name: '', type: 0, refAttrName: '', floats: [], ints: [], strings: [], isSparse: false },
    attributeFields,
  );
}

const nodeFields: FieldReaders<NodeProto> = {
  1: (node, field) => node.inputs.push(field.string()),
  2: (node, field) => node.outputs.push(field.string()),
  3: (node, field) => {
    node.name = field.string();
  },
  4: (node, field) => {
    node.opType = field.string();
  },
  5: (node, field) => node.attributes.push(attribute(field)),
  7: (node, field) => {
    node.domain = field.string();
  },
};

function node(field: Field): NodeProto {
  return field.message<NodeProto>(
    { name: '', opType: '', domain: '', inputs: [], outputs: [], attributes: [] },
    nodeFields,
  );
}

const graphFields: FieldReaders<GraphProto> = {
  1: (graph, field) => graph.nodes.push(node(field)),
  2: (graph, field) => {
    graph.name = field.string();
  },
  5: (graph, field) => graph.initializers.push(field.message(emptyTensor(), tensorFields)),
  11: (graph, field) => graph.inputs.push(valueInfo(field)),
  12: (graph, field) => graph.outputs.push(valueInfo(field)),
  15: (graph) => {
    graph.sparse = true;
  },
};

function graph(field: Field): GraphProto {
  return field.message<GraphProto>(
    { name: '', nodes: [], initializers: [], inputs: [], outputs: [], sparse: false },
    graphFields,
  );
}

type Opset = { domain: string; version: number };

const opsetFields: FieldReaders<Opset> = {
  1: (opset, field) => {
    opset.domain = field.string();
  },
  2: (opset, field) => {
    opset.version = field.int();
  },
};

function addOpset(opsets: Map<string, number>, field: Field): void {
  const { domain, version } = field.message<Opset>({ domain: '', version: 0 }, opsetFields);
  opsets.set(standardDomain(domain), version);
}

/** ONNX' own domain has two names. */
export function standardDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

const functionFields: FieldReaders<FunctionProto> = {
  1: (made, field) => {
    made.name = field.string();
  },
  4: (made, field) => made.inputs.push(field.string()),
  5: (made, field) => made.outputs.push(field.string()),
  6: (made, field) => made.attributes.push(field.string()),
  7: (made, field) => made.nodes.push(node(field)),
  9: (made, field) => addOpset(made.opsets, field),
  10: (made, field) => {
    made.domain = field.string();
  },
  11: (made, field) => made.defaults.push(attribute(field)),
};

function functionProto(field: Field): FunctionProto {
  return field.message<FunctionProto>(
    {
      name: '',
      domain: '',
      inputs: [],
      outputs: [],
      attributes: [],
      defaults: [],
      nodes: [],
      opsets: new Map(),
    },
    functionFields,
  );
}

const modelFields: FieldReaders<ModelProto> = {
  1: (model, field) => {
    model.irVersion = field.int();
  },
  2: (model, field) => {
    model.producerName = field.string();
  },
  7: (model, field) => {
    model.graph = graph(field);
  },
  8: (model, field) => addOpset(model.opsets, field),
  25: (model, field) => model.functions.push(functionProto(field)),
};

/** Reads a `ModelProto`: what an .onnx file holds. Files before version 3 name no operator set: they use the first one. */
export function readModelProto(bytes: Uint8Array): ModelProto {
  const model = readMessage<ModelProto>(
    bytes,
    { irVersion: 0, producerName: '', opsets: new Map(), graph: null, functions: [] },
    modelFields,
  );
  if (model.opsets.size === 0 && model.irVersion < 3) model.opsets.set('', 1);
  return model;
}
