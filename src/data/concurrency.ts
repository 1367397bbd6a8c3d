/** How many asynchronous tasks run at once, and giving up on them. */
import { availableParallelism } from 'node:os';

/** Runs a task when it is its turn: first come, first served. */
export type Gate = <T>(task: () => Promise<T>) => Promise<T>;

/** Two for each core, as one is read while another is decoded, and enough to keep libuv's four threads busy. */
const AT_ONCE = Math.max(8, 2 * availableParallelism());

/** A gate that lets `max` tasks run at once. */
export function createGate(max = AT_ONCE): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    // Who leaves hands its place over, so a newcomer cannot slip in between.
    if (running < max) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

/** The same promise, but rejected with the signal's reason as soon as it is aborted. What ran, runs on unheard. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
