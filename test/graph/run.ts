/** Runs a graph in ONNX Runtime: what the tests of operators and gradients compare. */
import type { Graph } from '../../src/graph/graph';
import { encodeModel } from '../../src/graph/onnx';
import { type Machine, startMachine, type Tensors } from '../../src/onnx/machine';

let machine: Machine | undefined;
let added = 0;

afterAll(async () => {
  await machine?.close();
  machine = undefined;
});

/** A function of the graph's inputs that gives its outputs. */
export async function compile(
  graph: Graph,
): Promise<(feeds: Tensors) => Promise<Record<string, Float32Array>>> {
  machine ??= startMachine();
  const running = machine;
  const model = `graph ${added++}`;
  await running.add(model, encodeModel(graph), 1);
  const fetch = [...graph.outputs.keys()];
  return async (feeds) => {
    const tensors = await running.run({ model, feeds, fetch });
    return Object.fromEntries(fetch.map((name) => [name, tensors[name].data]));
  };
}
