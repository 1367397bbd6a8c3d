/** Reverse-mode differentiation: one walk over the tape, backwards. */
import { SaliencyMixError } from '../errors';
import { gradients, type Rule } from './gradients';
import { type Node, sameShape, type Value } from './graph';
import { add, expand, reduceSum, reshape } from './ops';

/** Sums a gradient over what its input was broadcast along. */
function unbroadcast(gradient: Value, shape: readonly number[]): Value {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((side, axis) =>
    axis < lead || (shape[axis - lead] === 1 && side > 1) ? [axis] : [],
  );
  const summed = axes.length > 0 ? reduceSum(gradient, axes) : gradient;
  const kept = reshape(summed, summed.shape.slice(lead));
  return sameShape(kept.shape, shape) ? kept : expand(kept, shape);
}

/** The values that depend on one of `roots`. */
function dependents(tape: readonly Node[], roots: readonly Value[]): Set<Value> {
  const found = new Set(roots);
  for (const { inputs, outputs } of tape) {
    if (inputs.some((input) => input && found.has(input))) for (const output of outputs) found.add(output);
  }
  return found;
}

function ruleOf(node: Node): Rule | undefined {
  const rule = gradients[node.op];
  if (rule === 'none') return undefined;
  if (rule === undefined || rule === 'forbidden') {
    const shapes = node.inputs.map((input) => `[${input?.shape.join(', ')}]`).join(', ');
    throw new SaliencyMixError('MODEL', `${node.op} of ${shapes} has no gradient`);
  }
  return rule;
}

/**
 * Appends nodes that compute the gradients of a scalar with respect to `wrt`, in their order and shapes; zeros where the
 * scalar does not depend on one.
 * @throws SaliencyMixError MODEL where an operator on the way has no gradient
 */
export function backward(loss: Value, wrt: readonly Value[]): Value[] {
  const { graph } = loss;
  if (loss.shape.length !== 0)
    throw new SaliencyMixError('MODEL', `Only scalars are differentiated, not [${loss.shape.join(', ')}]`);
  const tape = [...graph.tape];
  const wanted = dependents(tape, wrt);
  const found = new Map<Value, Value>([[loss, graph.scalar(1)]]);
  for (const node of tape.toReversed()) {
    const needs = node.inputs.map((input) => input !== undefined && wanted.has(input));
    const dy = node.outputs.map((output) => found.get(output) as Value);
    if (dy[0] === undefined || !needs.includes(true)) continue;
    const parts = ruleOf(node)?.({ node, x: node.inputs as Value[], y: node.outputs, dy, needs }) ?? [];
    for (const [i, part] of parts.entries()) {
      const input = node.inputs[i];
      if (!part || !input || !needs[i]) continue;
      const gradient = unbroadcast(part, input.shape);
      const other = found.get(input);
      found.set(input, other ? add(other, gradient) : gradient);
    }
  }
  return wrt.map((value) => found.get(value) ?? expand(graph.scalar(0), value.shape));
}
