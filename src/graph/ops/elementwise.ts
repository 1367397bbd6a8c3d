/** Elementwise operators, and reductions over axes. */
import type { Value } from '../graph';
import { broadcast, integers, ranked, single } from './append';

// Elementwise, of two values, which are broadcast.
const binary = (op: string) => (a: Value, b: Value) => single(op, ranked(a, b), broadcast(op, a, b));
export const add = binary('Add');
export const sub = binary('Sub');
export const mul = binary('Mul');
export const div = binary('Div');
/** a > b, as bool. */
export const greater = (a: Value, b: Value) =>
  single('Greater', ranked(a, b), broadcast('Greater', a, b), {}, 'bool');

/** `yes` where the condition (bool) is true, else `no`; all three are broadcast. */
export function where(condition: Value, yes: Value, no: Value): Value {
  const both = { shape: broadcast('Where', yes, no) };
  return single('Where', ranked(condition, yes, no), broadcast('Where', condition, both));
}

// Elementwise, of one value.
const unary = (op: string) => (x: Value) => single(op, [x], x.shape);
export const neg = unary('Neg');
export const exp = unary('Exp');
export const log = unary('Log');
export const sqrt = unary('Sqrt');
export const relu = unary('Relu');
/** 1/(1 + e⁻ˣ) */
export const sigmoid = unary('Sigmoid');
export const identity = unary('Identity');

// Reductions over some axes. A reduced axis keeps length 1, or is removed where `keep` is false.
const reduced = (x: Value, axes: readonly number[], keep: boolean) => {
  const kept = x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
  return keep ? kept : kept.filter((_, axis) => !axes.includes(axis));
};
type Reduction = (x: Value, axes: readonly number[], keep?: boolean) => Value;
// In opset 17 the sum has its axes as an input, the others have them as an attribute.
const sum: Reduction = (x, axes, keep = true) =>
  single('ReduceSum', [x, integers(x, axes)], reduced(x, axes, keep), { keepdims: Number(keep) });
const reduction =
  (op: string): Reduction =>
  (x, axes, keep = true) =>
    single(op, [x], reduced(x, axes, keep), { axes: [...axes], keepdims: Number(keep) });

/**
 * Per channel of N×C×H×W in two stages on a graphics card, where one over all three axes moves the whole map first, and
 * then has no more groups of threads than there are channels.
 */
const staged =
  (reduce: Reduction): Reduction =>
  (x, axes, keep) =>
    x.graph.target === 'webgpu' && x.shape.length === 4 && axes.join() === '0,2,3'
      ? reduce(reduce(x, [2, 3], keep), [0], keep)
      : reduce(x, axes, keep);
export const reduceSum = staged(sum);
export const reduceMean = staged(reduction('ReduceMean'));
export const reduceMax = reduction('ReduceMax');
