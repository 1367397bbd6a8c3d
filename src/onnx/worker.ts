/** The worker thread of session.ts. */
import { parentPort } from 'node:worker_threads';
import { reasonOf } from '../errors';
import { type InferenceSession, loadRuntime } from './runtime';
import type { Answer, Port, Request } from './session';

const sessions = new Map<string, InferenceSession>();

function port(value: InferenceSession.ValueMetadata): Port {
  const { name } = value;
  if (!value.isTensor) return { name, type: 'not a tensor', shape: [] };
  // A symbolic dimension comes as its name.
  const fixed = (side: number | string) => (typeof side === 'number' && side > 0 ? side : undefined);
  return { name, type: value.type, shape: value.shape.map(fixed) };
}

async function answer(request: Request): Promise<Answer> {
  const { id, path } = request;
  if (request.kind === 'open') {
    // One thread: the same bits whatever the machine.
    const session = await loadRuntime().InferenceSession.create(path, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    sessions.set(path, session);
    return { id, inputs: session.inputMetadata.map(port), outputs: session.outputMetadata.map(port) };
  }
  const session = sessions.get(path) as InferenceSession;
  const input = new (loadRuntime().Tensor)('float32', request.data, [...request.shape]);
  const { [session.outputNames[0]]: output } = await session.run({ [session.inputNames[0]]: input }, [
    session.outputNames[0],
  ]);
  return { id, data: Float32Array.from(output.data as Float32Array), shape: [...output.dims] };
}

parentPort?.on('message', (request: Request) => {
  answer(request)
    .catch((error: unknown): Answer => ({ id: request.id, error: reasonOf(error) }))
    .then((result) =>
      parentPort?.postMessage(result, 'data' in result ? [result.data.buffer as ArrayBuffer] : []),
    )
    .catch((error: unknown) => {
      throw error;
    });
});
