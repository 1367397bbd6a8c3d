/** The code of the worker thread that ort-worker.ts starts. */
import { parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '../errors';
import { engineFor } from './engine-for';
import { memoryOf } from './lent-memory';
import type { Done, OrtEngine, Results, WorkerReply, WorkerRequest, WorkerStart } from './ort-worker';

let made: OrtEngine | undefined;

/** Made by the first request, so that its error is the request's. */
function engine(): OrtEngine {
  made ??= engineFor(workerData as WorkerStart);
  return made;
}

async function execute(request: WorkerRequest): Promise<Done> {
  switch (request.kind) {
    case 'add':
      return { tensors: {}, info: await engine().add(request.model, request.source, request) };
    case 'write':
      engine().write(request.name, request.tensor);
      return { tensors: { [request.name]: request.tensor as Results[string] } };
    case 'read':
      return { tensors: engine().read(request.names) };
    case 'run': {
      const began = performance.now();
      const tensors = await engine().run(request);
      return { tensors, ms: performance.now() - began, lent: memoryOf(request.inputs) };
    }
    default:
      await made?.close();
      return { tensors: {} };
  }
}

/**
 * The last request. Requests run one after the other, since a run reads the state that the run before it wrote.
 */
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (request: WorkerRequest) => {
  last = last.then(async () => {
    const reply = await execute(request).then(
      (done): WorkerReply => ({ id: request.id, ...done }),
      (error: unknown): WorkerReply => ({ id: request.id, error: reasonOf(error) }),
    );
    const transfer = 'tensors' in reply ? [...memoryOf(reply.tensors), ...(reply.lent ?? [])] : [];
    parentPort?.postMessage(reply, transfer);
    if (request.kind === 'close') parentPort?.close();
  });
});
