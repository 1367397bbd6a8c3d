/** Runs a graph in ONNX Runtime: what the tests of operators and gradients compare. */
import type { Graph } from '../../src/graph/graph';
import { encodeModel } from '../../src/graph/onnx';
import { chooseEngine, type EngineName } from '../../src/onnx/engine';
import { type OrtWorker, startOrtWorker, type Tensors } from '../../src/onnx/ort-worker';

/** One per engine. */
const workers = new Map<EngineName, OrtWorker>();
let added = 0;

afterAll(async () => {
  for (const worker of workers.values()) await worker.close();
  workers.clear();
});

function workerOf(engine: EngineName): OrtWorker {
  const worker = workers.get(engine) ?? startOrtWorker(chooseEngine(engine));
  workers.set(engine, worker);
  return worker;
}

/** A function of the graph's inputs that gives its outputs. */
export async function compile(
  graph: Graph,
  engine: EngineName = 'standard',
): Promise<(inputs: Tensors) => Promise<Record<string, Float32Array>>> {
  const worker = workerOf(engine);
  const model = `graph ${added++}`;
  await worker.add(model, encodeModel(graph), { threads: 1 });
  const outputs = [...graph.outputs.keys()];
  return async (inputs) => {
    const tensors = await worker.run({ model, inputs, outputs });
    return Object.fromEntries(outputs.map((name) => [name, tensors[name].data]));
  };
}
