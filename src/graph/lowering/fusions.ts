/** Which nodes of a tape are computed together with a batch normalisation before them. */
import { type Node, sameShape, type Value } from '../graph';

/** A batch normalisation, then perhaps an addition, then perhaps a ReLU. */
export interface Fusion {
  norm: Node;
  /** What is added, and the batch normalisation that it comes from, if nothing else reads that one. */
  residual?: { value: Value; norm?: Node };
  relu: boolean;
  /** The result of all of it. */
  result: Value;
  /** Whether convolutions of images alone read it. */
  onlyConvolved: boolean;
}

/** By the node that ends a fusion: until then, the nodes before it in the fusion have no value. */
export interface Fusions {
  byEnd: ReadonlyMap<Node, Fusion>;
  inside: ReadonlySet<Node>;
}

export const NORMS: ReadonlySet<string> = new Set(['BatchNormTraining', 'BatchNormalization']);

/** What may be computed together with a batch normalisation. */
export interface FusionOptions {
  residual: boolean;
  activation: boolean;
}

/** `kept` are values that are asked for by others than the tape's nodes. */
export function findFusions(
  tape: readonly Node[],
  kept: ReadonlySet<Value>,
  options: FusionOptions,
): Fusions {
  const readers = new Map<Value, Node[]>();
  const makers = new Map<Value, Node>();
  for (const node of tape) {
    for (const input of node.inputs) if (input) readers.set(input, [...(readers.get(input) ?? []), node]);
    for (const output of node.outputs) makers.set(output, node);
  }
  /** The only node that reads a value, if there is one. */
  const onlyReader = (value: Value): Node | undefined => {
    const found = readers.get(value) ?? [];
    return found.length === 1 && !kept.has(value) ? found[0] : undefined;
  };
  const onlyConvolved = (value: Value): boolean =>
    !kept.has(value) &&
    (readers.get(value) ?? []).every(({ op, inputs }) => op === 'Conv' && inputs.lastIndexOf(value) === 0);
  const byEnd = new Map<Node, Fusion>();
  const inside = new Set<Node>();
  for (const norm of tape) {
    if (!NORMS.has(norm.op) || inside.has(norm)) continue;
    const [y] = norm.outputs;
    let end = norm;
    let residual: Fusion['residual'];
    const next = onlyReader(y);
    if (
      options.residual &&
      next?.op === 'Add' &&
      !inside.has(next) &&
      next.inputs.every((input) => input && sameShape(input.shape, y.shape))
    ) {
      const other = (next.inputs[0] === y ? next.inputs[1] : next.inputs[0]) as Value;
      const maker = makers.get(other);
      const isNorm =
        maker !== undefined &&
        NORMS.has(maker.op) &&
        other === maker.outputs[0] &&
        onlyReader(other) === next;
      if (other !== y) {
        residual = { value: other, norm: isNorm ? maker : undefined };
        end = next;
        if (isNorm) inside.add(maker);
      }
    }
    const last = onlyReader(end.outputs[0]);
    const relu = options.activation && last?.op === 'Relu';
    for (const node of relu ? [norm, end] : [norm]) inside.add(node);
    if (relu) end = last;
    inside.delete(end);
    const [result] = end.outputs;
    byEnd.set(end, { norm, residual, relu, result, onlyConvolved: onlyConvolved(result) });
  }
  return { byEnd, inside };
}
