/** Small ONNX models for tests, written with a protobuf library from the published field numbers (onnx.proto). */
import protobuf from 'protobufjs';

const schema = protobuf.parse(`
  syntax = "proto2";
  message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
  message Shape { repeated Dimension dim = 1; }
  message TensorType { optional int32 elem_type = 1; optional Shape shape = 2; }
  message Type { optional TensorType tensor_type = 1; }
  message ValueInfo { optional string name = 1; optional Type type = 2; }
  message Attribute {
    optional string name = 1; optional float f = 2; optional int64 i = 3; optional bytes s = 4; optional Tensor t = 5;
    optional Graph g = 6; repeated int64 ints = 8; optional int32 type = 20;
  }
  message Node { repeated string input = 1; repeated string output = 2; optional string name = 3; optional string op_type = 4; repeated Attribute attribute = 5; optional string domain = 7; }
  message Entry { optional string key = 1; optional string value = 2; }
  message Tensor { repeated int64 dims = 1; optional int32 data_type = 2; repeated float float_data = 4 [packed = true]; repeated int64 int64_data = 7 [packed = true]; optional string name = 8; optional bytes raw_data = 9; repeated Entry external_data = 13; optional int32 data_location = 14; }
  message Graph { repeated Node node = 1; optional string name = 2; repeated Tensor initializer = 5; repeated ValueInfo input = 11; repeated ValueInfo output = 12; }
  message OperatorSet { optional string domain = 1; optional int64 version = 2; }
  message Model { optional int64 ir_version = 1; repeated OperatorSet opset_import = 8; optional Graph graph = 7; }
`).root;

/** TensorProto.DataType */
export const types = { float: 1, uint8: 2, int64: 7, string: 8, half: 10, double: 11, bfloat16: 16 };

type Side = number | string;

export interface Port {
  name: string;
  shape: Side[];
  /** float unless given. */
  type?: keyof typeof types;
}

export interface ModelParts {
  /** Shape of x; and of y. */
  input?: Side[];
  output?: Side[];
  /** All inputs, in place of x; all outputs, in place of y. */
  inputs?: Port[];
  outputs?: Port[];
  nodes?: object[];
  initializers?: object[];
  /** 18 unless given. */
  opset?: number;
}

const dimension = (side: Side) => (typeof side === 'number' ? { dimValue: side } : { dimParam: side });
const port = ({ name, shape, type = 'float' }: Port) => ({
  name,
  type: { tensorType: { elemType: types[type], shape: { dim: shape.map(dimension) } } },
});

/** A node; attributes are numbers, lists of numbers, or texts. */
export const node = (
  opType: string,
  input: string[],
  output: string[],
  attributes: Record<string, number | number[] | string> = {},
) => ({
  opType,
  input,
  output,
  attribute: Object.entries(attributes).map(([name, value]) => {
    if (typeof value === 'number') return { name, i: value, type: 2 };
    return typeof value === 'string'
      ? { name, s: Buffer.from(value), type: 3 }
      : { name, ints: value, type: 7 };
  }),
});

/** int64 numbers that are part of a model. */
export const integers = (name: string, data: number[]) => ({
  name,
  dims: [data.length],
  dataType: types.int64,
  int64Data: data,
});

/** float32 numbers that are part of a model. */
export const floats = (name: string, dims: number[], floatData: number[]) => ({
  name,
  dims,
  dataType: types.float,
  floatData,
});

/** A model x → y; unless told otherwise y is the mean over the channels: N×3×S×S → N×1×S×S. */
export function onnxModel(parts: ModelParts = {}): Uint8Array {
  const model = schema.lookupType('Model');
  const message = model.fromObject({
    irVersion: 10,
    opsetImport: [{ domain: '', version: parts.opset ?? 18 }],
    graph: {
      name: 'test',
      node: parts.nodes ?? [node('ReduceMean', ['x', 'axes'], ['y'], { keepdims: 1 })],
      initializer: parts.initializers ?? [integers('axes', [1])],
      input: (parts.inputs ?? [{ name: 'x', shape: parts.input ?? ['n', 3, 224, 224] }]).map(port),
      output: (parts.outputs ?? [{ name: 'y', shape: parts.output ?? ['n', 1, 224, 224] }]).map(port),
    },
  });
  return model.encode(message).finish();
}

interface ReadAttribute extends Record<string, unknown> {
  name: string;
  type: number;
}

export interface ReadNode {
  opType: string;
  output: string[];
  attribute: ReadAttribute[];
}

/** All nodes of a model, those of inner graphs too. An attribute has the fields that are in the file, as its own. */
export function readNodes(bytes: Uint8Array): ReadNode[] {
  interface Read {
    node: ReadNode[];
  }
  const all = ({ node: nodes }: Read): ReadNode[] =>
    nodes.flatMap((one) => [one, ...one.attribute.flatMap(({ g }) => (g ? all(g as Read) : []))]);
  return all((schema.lookupType('Model').decode(bytes) as unknown as { graph: Read }).graph);
}
