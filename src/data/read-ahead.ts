/** Begins work before its turn, so that its result is ready when it is needed. */
import { setImmediate } from 'node:timers/promises';

/**
 * The results of `start(0)` … `start(count − 1)`, in order. While the consumer waits for one or uses it, at
 * most `ahead` of the next ones run, which bounds the memory. An error is thrown when its turn comes.
 *
 * Work ahead of its turn begins one turn of the event loop later. So a consumer that has just received a result
 * first starts its own work on it; where that work runs on other threads, both run at the same time.
 *
 * When the sequence ends, all work that still runs is awaited. If it ends early, `stop` is called first, to end
 * that work sooner.
 */
export async function* readAhead<T>(
  count: number,
  ahead: number,
  start: (index: number) => Promise<T>,
  stop: () => void = () => undefined,
): AsyncGenerator<T, void, undefined> {
  const pending: Promise<T>[] = [];
  let stopped = false;
  const startLater = async (index: number): Promise<T> => {
    await setImmediate();
    if (stopped) throw new Error('the sequence has ended');
    return start(index);
  };
  try {
    for (let index = 0, next = 0; index < count; index++) {
      for (; next < count && next <= index + ahead; next++) {
        pending.push(handled(next === index ? start(next) : startLater(next)));
      }
      yield await (pending.shift() as Promise<T>);
    }
  } finally {
    stopped = true;
    if (pending.length > 0) stop();
    await Promise.allSettled(pending);
  }
}

/** The same promise, marked as handled: an error that is thrown later, or never, is no unhandled rejection. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
