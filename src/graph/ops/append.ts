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

/**
 * The values, with those of rank 0 brought to the largest rank by sides of 1. Beside a tensor [O, C, 1, 1] a value
 * of rank 0 takes ONNX Runtime ten times as long as one of [1, 1, 1, 1], with the same result.
 */
export function ranked(...values: readonly Value[]): Value[] {
  const rank = Math.max(...values.map(({ shape }) => shape.length));
  return values.map((value) => (value.shape.length === 0 ? withRank(value, rank) : value));
}

function withRank(scalar: Value, rank: number): Value {
  if (rank === 0) return scalar;
  const { graph, dtype } = scalar;
  const sides = Array<number>(rank).fill(1);
  const constant = graph.constants.find(({ value }) => value === scalar);
  if (constant && (dtype === 'float32' || dtype === 'int64'))
    return graph.constant(Array.from(constant.data, Number), sides, dtype);
  return single('Reshape', [scalar, integers(scalar, sides)], sides, {}, dtype);
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
