/** Helpers of the operator constructors: broadcasting of shapes, and appending a node to a graph. */
import { type Attribute, type Dtype, type Shape, shapeError, type Value } from '../graph';

/** The shape that two shapes broadcast to, by NumPy's rules: aligned at the end; a side of 1 is repeated. */
export function broadcast(op: string, a: { shape: Shape }, b: { shape: Shape }): Shape {
  const rank = Math.max(a.shape.length, b.shape.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a.shape[axis - rank + a.shape.length] ?? 1;
    const right = b.shape[axis - rank + b.shape.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) throw shapeError(op, 'they do not broadcast', a, b);
    return left === 1 ? right : left;
  });
}

/** Appends a node with one output, to the graph of its first input. */
export function single(
  op: string,
  inputs: readonly (Value | undefined)[],
  shape: Shape,
  attributes: Record<string, Attribute> = {},
  dtype: Dtype = 'float32',
): Value {
  const { graph } = inputs[0] as Value;
  return graph.node(op, inputs, attributes, [{ shape, dtype }])[0];
}

/** Axes, shapes or pads as an int64 constant, which ONNX operators take as an input. */
export const integers = (like: Value, data: readonly number[]) =>
  like.graph.constant(data, [data.length], 'int64');
