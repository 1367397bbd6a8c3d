/** Small ONNX models for tests, written with a protobuf library from the published field numbers (onnx.proto3). */
import protobuf from 'protobufjs';

const schema = protobuf.parse(`
  syntax = "proto3";
  message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
  message Shape { repeated Dimension dim = 1; }
  message TensorType { int32 elem_type = 1; Shape shape = 2; }
  message Type { TensorType tensor_type = 1; }
  message ValueInfo { string name = 1; Type type = 2; }
  message Attribute { string name = 1; float f = 2; int64 i = 3; repeated int64 ints = 8; int32 type = 20; }
  message Node { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4; repeated Attribute attribute = 5; }
  message Tensor { repeated int64 dims = 1; int32 data_type = 2; repeated float float_data = 4; repeated int64 int64_data = 7; string name = 8; }
  message Graph { repeated Node node = 1; string name = 2; repeated Tensor initializer = 5; repeated ValueInfo input = 11; repeated ValueInfo output = 12; }
  message OperatorSet { string domain = 1; int64 version = 2; }
  message Model { int64 ir_version = 1; repeated OperatorSet opset_import = 8; Graph graph = 7; }
`).root;

const FLOAT = 1;

export interface ModelParts {
  input?: (number | string)[];
  output?: (number | string)[];
  nodes?: object[];
  initializers?: object[];
}

const dimension = (side: number | string) =>
  typeof side === 'number' ? { dimValue: side } : { dimParam: side };
const port = (name: string, shape: (number | string)[]) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: shape.map(dimension) } } },
});

/** A model x → y; unless told otherwise y is the mean over the channels: N×3×S×S → N×1×S×S. */
export function onnxModel(parts: ModelParts = {}): Uint8Array {
  const mean = {
    input: ['x', 'axes'],
    output: ['y'],
    opType: 'ReduceMean',
    attribute: [{ name: 'keepdims', i: 1, type: 2 }],
  };
  const axes = { dims: [1], dataType: 7, int64Data: [1], name: 'axes' };
  const model = schema.lookupType('Model');
  const message = model.fromObject({
    irVersion: 10,
    opsetImport: [{ domain: '', version: 18 }],
    graph: {
      name: 'test',
      node: parts.nodes ?? [mean],
      initializer: parts.initializers ?? [axes],
      input: [port('x', parts.input ?? ['n', 3, 224, 224])],
      output: [port('y', parts.output ?? ['n', 1, 224, 224])],
    },
  });
  return model.encode(message).finish();
}
