/**
 * Writes a graph as an ONNX model. Field numbers are those of the published schema (onnx.proto,
 * github.com/onnx/onnx); only the fields that are used here are declared. The schema is proto2: a value that is
 * set is written, also where it is zero (proto3 would leave it out, and strict readers then miss it).
 */
import protobuf from 'protobufjs';
import type { Attribute, Dtype, Graph, Node, Value } from './graph';
import { NATIVE_DOMAIN } from './native-ops';

const schema = protobuf.parse(`
  syntax = "proto2";
  message TensorShapeProto {
    message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
    repeated Dimension dim = 1;
  }
  message TypeProto {
    message Tensor { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; }
    oneof value { Tensor tensor_type = 1; }
  }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
  message TensorProto {
    repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8; optional bytes raw_data = 9;
  }
  message AttributeProto {
    optional string name = 1; optional float f = 2; optional int64 i = 3; optional bytes s = 4; optional GraphProto g = 6;
    repeated int64 ints = 8; optional int32 type = 20;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; optional string name = 3; optional string op_type = 4;
    repeated AttributeProto attribute = 5; optional string domain = 7;
  }
  message GraphProto {
    repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
  message StringStringEntryProto { optional string key = 1; optional string value = 2; }
  message ModelProto {
    optional int64 ir_version = 1; optional string producer_name = 2; optional string producer_version = 3;
    optional GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8;
    repeated StringStringEntryProto metadata_props = 14;
  }
`).root;
const ModelProto = schema.lookupType('ModelProto');

/** Those of onnx 1.12 (2022), which has all operators of ./ops: what is read from then on. */
const IR_VERSION = 8;
const OPSET = 17;

/** TensorProto.DataType */
const TYPES: Record<Dtype, number> = { float32: 1, uint8: 2, int64: 7, bool: 9 };
/** AttributeProto.AttributeType */
const KINDS = { FLOAT: 1, INT: 2, STRING: 3, GRAPH: 5, INTS: 7 };

export interface EncodeOptions {
  /** Data of inputs, by name: these inputs become constants of the model. */
  weights?: ReadonlyMap<string, Float32Array>;
  /** Makes the first dimension of all other inputs and outputs variable, and gives it this name. */
  batch?: string;
  version?: string;
  /** Puts the nodes in another order, in which each still comes before those that read what it makes. */
  order?: (nodes: readonly Node[]) => readonly Node[];
  /** Texts that are kept in the model. */
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
  domain?: string;
  name: string;
  input: string[];
  output: string[];
  attribute: object[];
}

/** An operator of this package is written DOMAIN:NAME, see native-ops.ts. */
function splitName(op: string): Pick<NodeProto, 'opType' | 'domain'> {
  const [domain, opType] = op.split(':');
  return opType === undefined ? { opType: op } : { opType, domain };
}

const simpleNode = (
  opType: string,
  input: string[],
  output: string[],
  attribute: object[] = [],
): NodeProto => ({
  ...splitName(opType),
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

/** The nodes that an output depends on, in order, and all values that these nodes read or that are outputs. */
function live(graph: Graph): { nodes: Node[]; needed: Set<Value> } {
  const needed = new Set<Value>(graph.outputs.values());
  const kept = graph.nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((output) => needed.has(output))) return false;
    for (const input of inputs) if (input) needed.add(input);
    return true;
  });
  return { nodes: kept.toReversed(), needed };
}

/** The nodes and constants of a graph as protobuf messages; `prefix` is put before every name. */
function body(graph: Graph, { prefix = '', order }: Pick<EncodeOptions, 'order'> & { prefix?: string } = {}) {
  const { nodes: found, needed } = live(graph);
  const nodes = order ? order(found) : found;
  // A value that a node makes gets the name of the first output that it is. Every other output is a copy
  // (Identity).
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const given = new Map<Value, string>();
  for (const [name, value] of graph.outputs) if (made.has(value) && !given.has(value)) given.set(value, name);
  const nameOf = (value: Value) => prefix + (given.get(value) ?? value.name);
  const written = nodes.map(({ op, inputs, outputs, attributes }) => {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    const input = inputs.map((one) => (one ? nameOf(one) : ''));
    // What nobody reads need not be computed.
    const read = outputs.map((value, i) => (i === 0 || needed.has(value) ? nameOf(value) : ''));
    const output = read.slice(0, read.findLastIndex((name) => name !== '') + 1);
    return simpleNode(op, input, output, attribute);
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
  graph: { node: readonly NodeProto[]; [field: string]: unknown },
  { version = '', metadata = {} }: Pick<EncodeOptions, 'version' | 'metadata'>,
): Uint8Array {
  const isOwn = graph.node.some(({ domain }) => domain === NATIVE_DOMAIN);
  const message = ModelProto.fromObject({
    irVersion: IR_VERSION,
    producerName: 'saliencymix',
    producerVersion: version,
    opsetImport: [{ domain: '', version: OPSET }, ...(isOwn ? [{ domain: NATIVE_DOMAIN, version: 1 }] : [])],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: { name: 'saliencymix', ...graph },
  });
  return ModelProto.encode(message).finish();
}

/** The bytes of a graph as an ONNX model. Nodes that no output needs are left out; all inputs are kept. */
export function encodeModel(graph: Graph, options: EncodeOptions = {}): Uint8Array {
  const { weights, batch, order } = options;
  const { nodes, constants } = body(graph, { order });
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
  /** Name of the input with the number of iterations: an int64 scalar. */
  times: string;
  /**
   * A prefix. The output PREFIX + INPUT becomes the input INPUT of the next iteration; after the last one it is
   * an output.
   */
  carried: string;
  version?: string;
}

const LOOP = 'loop/';

/**
 * The bytes of an ONNX model that runs the graph several times, as the body of a Loop. Carried inputs get their
 * value from the iteration before; all other inputs and outputs have a new first dimension with one row per
 * iteration.
 */
export function encodeLoop(graph: Graph, { times, carried, version }: LoopOptions): Uint8Array {
  const { nodes, constants } = body(graph, { prefix: LOOP });
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
