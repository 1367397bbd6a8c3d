/** Reverse-mode differentiation: walks over the graph's tape once, from its end to its beginning. */
import { SaliencyMixError } from '../errors';
import { type Gradient, gradients } from './gradients';
import { type Node, sameShape, type Value } from './graph';
import { add, expand, reduceSum, reshape } from './ops';

/**
 * The gradient of an input that was broadcast to a larger shape: summed over the axes along which it was
 * repeated.
 */
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

/** Gradient rules by operator, as in gradients.ts. */
type Rules = Readonly<Record<string, Gradient>>;

const shapesOf = ({ inputs }: Node) => inputs.map((input) => `[${input?.shape.join(', ')}]`).join(', ');

/**
 * The gradients of a node's inputs, by its operator's rule; none where the operator passes no gradient on.
 * @throws SaliencyMixError MODEL where the operator has no gradient, or its rule does not give one per input
 */
function inputGradients(
  node: Node,
  rules: Rules,
  dy: readonly Value[],
  needs: readonly boolean[],
): readonly (Value | undefined)[] {
  const rule = rules[node.op];
  if (rule === 'none') return [];
  if (rule === undefined || rule === 'forbidden')
    throw new SaliencyMixError('MODEL', `${node.op} of ${shapesOf(node)} has no gradient`);
  const parts = rule({ node, x: node.inputs as Value[], y: node.outputs, dy, needs });
  if (parts.length === node.inputs.length) return parts;
  const counts = `${parts.length} for the ${node.inputs.length} inputs of ${shapesOf(node)}`;
  throw new SaliencyMixError(
    'MODEL',
    `The gradient rule of ${node.op} must give one per input, not ${counts}`,
  );
}

/**
 * Appends nodes that compute the gradients of a scalar with respect to the values `wrt`, and gives one gradient
 * for each, of its shape. It is zero where the scalar does not depend on the value. `rules` are those of
 * gradients.ts unless given.
 * @throws SaliencyMixError MODEL where an operator on the way has no gradient
 */
export function backward(loss: Value, wrt: readonly Value[], rules: Rules = gradients): Value[] {
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
    for (const [i, part] of inputGradients(node, rules, dy, needs).entries()) {
      const input = node.inputs[i];
      if (!part || !input || !needs[i]) continue;
      const gradient = unbroadcast(part, input.shape);
      const other = found.get(input);
      found.set(input, other ? add(other, gradient) : gradient);
    }
  }
  return wrt.map((value) => found.get(value) ?? expand(graph.scalar(0), value.shape));
}
