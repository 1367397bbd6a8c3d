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
    string name = 1; float f = 2; int64 i = 3; bytes s = 4; repeated int64 ints = 8; int32 type = 20;
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
const KINDS = { FLOAT: 1, INT: 2, STRING: 3, INTS: 7 };

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

const nodeProto = ({ op, inputs, outputs, attributes }: Node, nameOf: (value: Value) => string) => ({
  opType: op,
  name: outputs[0].name,
  input: inputs.map((input) => (input ? nameOf(input) : '')),
  output: outputs.map(nameOf),
  attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
});

function portProto(name: string, { shape, dtype }: Value, batch: string | undefined) {
  const dim = shape.map((side, axis) =>
    axis === 0 && batch !== undefined ? { dimParam: batch } : { dimValue: side },
  );
  return { name, type: { tensorType: { elemType: TYPES[dtype], shape: { dim } } } };
}

const tensorProto = ({ name, shape, dtype }: Value, data: Float32Array | BigInt64Array) => ({
  name,
  dims: [...shape],
  dataType: TYPES[dtype],
  rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
});

/** The nodes that an output depends on, in their order, and all values that take part. */
function live(graph: Graph): { nodes: Node[]; needed: Set<Value> } {
  const needed = new Set<Value>(graph.outputs.values());
  const kept = graph.nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((output) => needed.has(output))) return false;
    for (const input of inputs) if (input) needed.add(input);
    return true;
  });
  return { nodes: kept.toReversed(), needed };
}

/** A value that a node makes bears the name of its first output; what else is an output is copied. */
function namesOf(graph: Graph, nodes: readonly Node[]): (value: Value) => string {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const names = new Map<Value, string>();
  for (const [name, value] of graph.outputs) if (made.has(value) && !names.has(value)) names.set(value, name);
  return (value) => names.get(value) ?? value.name;
}

/** Serialises a graph with its named outputs; nodes that none of them needs are left out, inputs are all kept. */
export function encodeModel(graph: Graph, options: EncodeOptions = {}): Uint8Array {
  const { weights, batch, version = '', metadata = {} } = options;
  const { nodes: run, needed } = live(graph);
  const nameOf = namesOf(graph, run);
  const nodes = run.map((node) => nodeProto(node, nameOf));
  for (const [name, value] of graph.outputs) {
    if (nameOf(value) === name) continue;
    const input = [nameOf(value)];
    nodes.push({ opType: 'Identity', name: `output_${name}`, input, output: [name], attribute: [] });
  }
  const isWeight = ({ name }: Value) => weights?.has(name) ?? false;
  const message = ModelProto.fromObject({
    irVersion: IR_VERSION,
    producerName: 'saliencymix',
    producerVersion: version,
    opsetImport: [{ domain: '', version: OPSET }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: 'saliencymix',
      node: nodes,
      initializer: [
        ...graph.constants
          .filter(({ value }) => needed.has(value))
          .map(({ value, data }) => tensorProto(value, data)),
        ...graph.inputs
          .filter(isWeight)
          .map((input) => tensorProto(input, weights?.get(input.name) as Float32Array)),
      ],
      input: graph.inputs
        .filter((input) => !isWeight(input))
        .map((input) => portProto(input.name, input, batch)),
      output: [...graph.outputs].map(([name, value]) => portProto(name, value, batch)),
    },
  });
  return ModelProto.encode(message).finish();
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
