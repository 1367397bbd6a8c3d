/** Operators that only move elements. */
import { sameShape, type Shape, shapeError, sizeOf, type Value } from '../graph';
import { broadcast, integers, single } from './append';

/**
 * The same elements in the same order. A first side that does not change is written as 0, which ONNX keeps: so
 * the batch may vary.
 */
export function reshape(x: Value, shape: Shape): Value {
  if (sizeOf(shape) !== sizeOf(x.shape))
    throw shapeError('Reshape', `not as many as [${shape.join(', ')}]`, x);
  if (sameShape(shape, x.shape)) return x;
  const written = shape.map((side, axis) => (axis === 0 && side === x.shape[0] ? 0 : side));
  return single('Reshape', [x, integers(x, written)], shape);
}

/** Axis i of the result is axis perm[i] of x. */
export function transpose(x: Value, perm: readonly number[]): Value {
  if (perm.length !== x.shape.length) throw shapeError('Transpose', `perm has ${perm.length} axes`, x);
  return single(
    'Transpose',
    [x],
    perm.map((axis) => x.shape[axis]),
    { perm },
  );
}

/** The rows of x (its first axis) at `places`, an int64 vector: row i of the result is row places[i] of x. */
export const gatherRows = (x: Value, places: Value): Value =>
  single('Gather', [x, places], [places.shape[0], ...x.shape.slice(1)], { axis: 0 });

/** Broadcasts x to a shape. */
export function expand(x: Value, shape: Shape): Value {
  const target = broadcast('Expand', x, { shape });
  if (!sameShape(target, shape)) throw shapeError('Expand', `not to [${shape.join(', ')}]`, x);
  return sameShape(x.shape, shape) ? x : single('Expand', [x, integers(x, shape)], shape);
}

export interface Range {
  axis: number;
  start: number;
  /** One past the last. */
  end: number;
  step?: number;
}

/** Keeps the elements start, start + step, … (below end) along each given axis. */
export function slice(x: Value, ranges: readonly Range[]): Value {
  const shape = [...x.shape];
  for (const { axis, start, end, step = 1 } of ranges) {
    if (start < 0 || end > x.shape[axis] || start >= end) {
      throw shapeError('Slice', `${start} … ${end} is not within axis ${axis}`, x);
    }
    shape[axis] = Math.ceil((end - start) / step);
  }
  const column = (of: (range: Range) => number) => integers(x, ranges.map(of));
  const inputs = [
    x,
    column((range) => range.start),
    column((range) => range.end),
    column((range) => range.axis),
    column((range) => range.step ?? 1),
  ];
  return single('Slice', inputs, shape);
}

/** Reverses the order of the elements along some axes. */
export function flip(x: Value, axes: readonly number[]): Value {
  const ends = axes.map((axis) => -x.shape[axis] - 1);
  const back = axes.map(() => -1);
  return single('Slice', [x, ...[back, ends, axes, back].map((column) => integers(x, column))], x.shape);
}

/** Adds zeros, or another `value`: `before[axis]` before the elements of an axis, `after[axis]` after them. */
export function pad(x: Value, before: readonly number[], after: readonly number[], value?: number): Value {
  const shape = x.shape.map((side, axis) => before[axis] + side + after[axis]);
  if (sameShape(shape, x.shape)) return x;
  const pads = integers(x, [...before, ...after]);
  return single('Pad', value === undefined ? [x, pads] : [x, pads, x.graph.scalar(value)], shape);
}

/** Joins values along an axis; all other sides must be equal. */
export function concat(parts: readonly Value[], axis: number): Value {
  const total = parts.reduce((sum, { shape }) => sum + shape[axis], 0);
  const shape = parts[0].shape.map((side, i) => (i === axis ? total : side));
  for (const part of parts) {
    const fits =
      part.shape.length === shape.length && part.shape.every((side, i) => i === axis || side === shape[i]);
    if (!fits) throw shapeError('Concat', `they differ outside axis ${axis}`, parts[0], part);
  }
  return parts.length === 1 ? parts[0] : single('Concat', parts, shape, { axis });
}
