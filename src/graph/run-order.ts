/** In which order ONNX Runtime runs the nodes of a training step: for its memory, and for what is written over. */
import type { Graph, Node, Value } from './graph';
import { sizeOf } from './graph';

const isValue = (value: Value | undefined): value is Value => value !== undefined;
const elements = (values: readonly (Value | undefined)[]) =>
  values.filter(isValue).reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/**
 * Puts the nodes that only `last` reads, such as those of weights' gradients, where as little memory as can be is in use.
 *
 * ONNX Runtime goes back from the last node, and of what a node reads makes that first which is last in the file. In the order
 * in which gradients come up, those of the first layer's weights would so be made first, with all that they need, then those
 * of the others; until then everything that these are made of would be kept. At the end of the file in reverse order each is
 * made as soon as it can be. Of one that is larger than all that it is made of the opposite is better: it waits.
 */
export function savingMemory(nodes: readonly Node[], last: Node): Node[] {
  const readers = new Map<Value, Set<Node>>();
  for (const node of nodes)
    for (const input of node.inputs.filter(isValue))
      readers.set(input, (readers.get(input) ?? new Set()).add(node));
  const isForLast = ({ outputs }: Node) => {
    const reading = new Set(outputs.flatMap((output) => [...(readers.get(output) ?? [])]));
    return reading.size === 1 && reading.has(last);
  };
  const forLast = nodes.filter(isForLast).toReversed();
  const waits = ({ inputs, outputs }: Node) => elements(outputs) > elements(inputs);
  return [
    ...nodes.filter((node) => node !== last && !forLast.includes(node)),
    ...forLast.filter(waits),
    ...forLast.filter((node) => !waits(node)),
    last,
  ];
}

/**
 * Whether every node that reads one of the values runs before `last`, in any order that a runtime may take: since `last`
 * depends on it. Then `last` may write over them.
 */
export function readsLast(nodes: readonly Node[], last: Node, values: readonly Value[]): boolean {
  const needed = new Set<Value | undefined>(last.inputs);
  // Each node comes before those that read what it makes.
  const before = new Set<Node>([last]);
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    before.add(node);
    for (const input of node.inputs) needed.add(input);
  }
  const written = new Set<Value | undefined>(values);
  return nodes.every((node) => before.has(node) || !node.inputs.some((input) => written.has(input)));
}

/** The node of a graph that makes a value. */
export const makerOf = (graph: Graph, value: Value): Node =>
  graph.nodes.find(({ outputs }) => outputs.includes(value)) as Node;
