/** Runs a graph in ONNX Runtime: what the tests of operators and gradients compare. */
import type { Graph } from '../../src/graph/graph';
import { encodeModel } from '../../src/graph/onnx';
import { type OrtWorker, startOrtWorker, type Tensors } from '../../src/onnx/ort-worker';

let worker: OrtWorker | undefined;
let added = 0;

afterAll(async () => {
  await worker?.close();
  worker = undefined;
});

/** A function of the graph's inputs that gives its outputs. */
export async function compile(
  graph: Graph,
): Promise<(inputs: Tensors) => Promise<Record<string, Float32Array>>> {
  worker ??= startOrtWorker();
  const running = worker;
  const model = `graph ${added++}`;
  await running.add(model, encodeModel(graph), { threads: 1 });
  const outputs = [...graph.outputs.keys()];
  return async (inputs) => {
    const tensors = await running.run({ model, inputs, outputs });
    return Object.fromEntries(outputs.map((name) => [name, tensors[name].data]));
  };
}
