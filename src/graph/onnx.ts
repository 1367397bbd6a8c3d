/**
 * A graph as bytes of an ONNX model; the only file that knows the wire format. Field numbers are those of the published
 * schema (onnx.proto3, github.com/onnx/onnx); only what is written here is declared.
 */
import protobuf from 'protobufjs';
import type { Attribute, Dtype, Graph, Node, Value } from './graph';

const schema = protobuf.parse(`
  syntax = "proto3";
  message TensorShapeProto {
    message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
    repeated Dimension dim = 1;
  }
  message TypeProto {
    message Tensor { int32 elem_type = 1; TensorShapeProto shape = 2; }
    oneof value { Tensor tensor_type = 1; }
  }
  message ValueInfoProto { string name = 1; TypeProto type = 2; }
  message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
  message AttributeProto {
    string name = 1; float f = 2; int64 i = 3; bytes s = 4; GraphProto g = 6; repeated int64 ints = 8; int32 type = 20;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
    repeated AttributeProto attribute = 5;
  }
  message GraphProto {
    repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message OperatorSetIdProto { string domain = 1; int64 version = 2; }
  message StringStringEntryProto { string key = 1; string value = 2; }
  message ModelProto {
    int64 ir_version = 1; string producer_name = 2; string producer_version = 3; GraphProto graph = 7;
    repeated OperatorSetIdProto opset_import = 8; repeated StringStringEntryProto metadata_props = 14;
  }
`).root;
const ModelProto = schema.lookupType('ModelProto');

const IR_VERSION = 9;
const OPSET = 20;

/** TensorProto.DataType */
const TYPES: Record<Dtype, number> = { float32: 1, int64: 7, bool: 9 };
/** AttributeProto.AttributeType */
const KINDS = { FLOAT: 1, INT: 2, STRING: 3, GRAPH: 5, INTS: 7 };

export interface EncodeOptions {
  /** Inputs that become part of the model, with their data. */
  weights?: ReadonlyMap<string, Float32Array>;
  /** A name for the first side of inputs and outputs that are not weights, which may then be any number. */
  batch?: string;
  version?: string;
  /** Kept in the model as text. */
  metadata?: Readonly<Record<string, string>>;
}

function attributeProto(name: string, value: Attribute) {
  if (typeof value === 'number') return { name, i: value, type: KINDS.INT };
  if (typeof value === 'string') return { name, s: Buffer.from(value), type: KINDS.STRING };
  if ('float' in value) return { name, f: value.float, type: KINDS.FLOAT };
  return { name, ints: [...value], type: KINDS.INTS };
}

interface NodeProto {
  opType: string;
  name: string;
  input: string[];
  output: string[];
  attribute: object[];
}

const simpleNode = (
  opType: string,
  input: string[],
  output: string[],
  attribute: object[] = [],
): NodeProto => ({
  opType,
  name: output[0],
  input,
  output,
  attribute,
});

function valueInfoProto(name: string, { shape, dtype }: Pick<Value, 'shape' | 'dtype'>, symbolic?: string) {
  const dim = shape.map((side, axis) =>
    axis === 0 && symbolic !== undefined ? { dimParam: symbolic } : { dimValue: side },
  );
  return { name, type: { tensorType: { elemType: TYPES[dtype], shape: { dim } } } };
}

function tensorProto(
  name: string,
  { shape, dtype }: Pick<Value, 'shape' | 'dtype'>,
  data: Float32Array | BigInt64Array,
) {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dims: [...shape], dataType: TYPES[dtype], rawData };
}

/** The nodes that some output depends on, in their order, and all values that they read or that are outputs. */
function live(graph: Graph): { nodes: Node[]; needed: Set<Value> } {
  const needed = new Set<Value>(graph.outputs.values());
  const kept = graph.nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((output) => needed.has(output))) return false;
    for (const input of inputs) if (input) needed.add(input);
    return true;
  });
  return { nodes: kept.toReversed(), needed };
}

/** The nodes and constants of a graph as messages; every name begins with `prefix`. */
function body(graph: Graph, prefix = '') {
  const { nodes, needed } = live(graph);
  // A graph's output names the value itself where a node makes it and no output has named it yet; else it is a copy of it.
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const given = new Map<Value, string>();
  for (const [name, value] of graph.outputs) if (made.has(value) && !given.has(value)) given.set(value, name);
  const nameOf = (value: Value) => prefix + (given.get(value) ?? value.name);
  const written = nodes.map(({ op, inputs, outputs, attributes }) => {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    const input = inputs.map((one) => (one ? nameOf(one) : ''));
    return simpleNode(op, input, outputs.map(nameOf), attribute);
  });
  for (const [name, value] of graph.outputs) {
    if (nameOf(value) !== prefix + name)
      written.push(simpleNode('Identity', [nameOf(value)], [prefix + name]));
  }
  const constants = graph.constants
    .filter(({ value }) => needed.has(value))
    .map(({ value, data }) => tensorProto(nameOf(value), value, data));
  return { nodes: written, constants };
}

function modelBytes(
  graph: object,
  { version = '', metadata = {} }: Pick<EncodeOptions, 'version' | 'metadata'>,
): Uint8Array {
  const message = ModelProto.fromObject({
    irVersion: IR_VERSION,
    producerName: 'saliencymix',
    producerVersion: version,
    opsetImport: [{ domain: '', version: OPSET }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: { name: 'saliencymix', ...graph },
  });
  return ModelProto.encode(message).finish();
}

/** Serialises a graph with its named outputs; nodes that none of them needs are left out, inputs are all kept. */
export function encodeModel(graph: Graph, options: EncodeOptions = {}): Uint8Array {
  const { weights, batch } = options;
  const { nodes, constants } = body(graph);
  const isWeight = ({ name }: Value) => weights?.has(name) ?? false;
  const inside = graph.inputs
    .filter(isWeight)
    .map((input) => tensorProto(input.name, input, weights?.get(input.name) as Float32Array));
  return modelBytes(
    {
      node: nodes,
      initializer: [...constants, ...inside],
      input: graph.inputs
        .filter((input) => !isWeight(input))
        .map((input) => valueInfoProto(input.name, input, batch)),
      output: [...graph.outputs].map(([name, value]) => valueInfoProto(name, value, batch)),
    },
    options,
  );
}

export interface LoopOptions {
  /** Name of the input that says how many times the graph is run: an int64 scalar. */
  times: string;
  /** A prefix: the output named PREFIX + INPUT becomes that INPUT of the next iteration; the last one's is an output. */
  carried: string;
  version?: string;
}

const LOOP = 'loop/';

/**
 * Serialises a graph as the body of an ONNX Loop: one run does several iterations. Carried inputs are what the iteration
 * before gave; all other inputs and outputs have a new first axis with one row per iteration.
 */
export function encodeLoop(graph: Graph, { times, carried, version }: LoopOptions): Uint8Array {
  const { nodes, constants } = body(graph, LOOP);
  const isCarried = ({ name }: Value) => graph.outputs.has(carried + name);
  const state = graph.inputs.filter(isCarried);
  const stacked = graph.inputs.filter((input) => !isCarried(input));
  const collected = [...graph.outputs].filter(([name]) => !name.startsWith(carried));
  const number = `${LOOP}number`;
  const [on, stillOn] = [`${LOOP}on`, `${LOOP}still_on`];
  const scalar = (name: string, dtype: Dtype) => valueInfoProto(name, { shape: [], dtype });
  const taken = stacked.map(({ name }) => simpleNode('Gather', [name, number], [LOOP + name]));
  const iteration = {
    name: 'iteration',
    node: [...taken, ...nodes, simpleNode('Identity', [on], [stillOn])],
    initializer: constants,
    input: [
      scalar(number, 'int64'),
      scalar(on, 'bool'),
      ...state.map((input) => valueInfoProto(LOOP + input.name, input)),
    ],
    output: [
      scalar(stillOn, 'bool'),
      ...state.map((input) => valueInfoProto(LOOP + carried + input.name, input)),
      ...collected.map(([name, value]) => valueInfoProto(LOOP + name, value)),
    ],
  };
  const perIteration = ({ shape, dtype }: Value) => ({ shape: [1, ...shape], dtype });
  const outputs = [...state.map(({ name }) => carried + name), ...collected.map(([name]) => name)];
  const loop = simpleNode('Loop', [times, '', ...state.map(({ name }) => name)], outputs, [
    { name: 'body', g: iteration, type: KINDS.GRAPH },
  ]);
  return modelBytes(
    {
      node: [loop],
      input: [
        scalar(times, 'int64'),
        ...state.map((input) => valueInfoProto(input.name, input)),
        ...stacked.map((input) => valueInfoProto(input.name, perIteration(input), 'iterations')),
      ],
      output: [
        ...state.map((input) => valueInfoProto(carried + input.name, input)),
        ...collected.map(([name, value]) => valueInfoProto(name, perIteration(value), 'iterations')),
      ],
    },
    { version },
  );
}

/** The text that is kept in a model beside its graph. Not a model: nothing. */
export function readMetadata(bytes: Uint8Array): Record<string, string> {
  try {
    const { metadataProps = [] } = ModelProto.decode(bytes) as unknown as {
      metadataProps?: { key: string; value: string }[];
    };
    return Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
  } catch {
    return {};
  }
}
