/** Work that is begun before its turn, so that its result is there when the consumer comes for it. */
import { setImmediate } from 'node:timers/promises';

/**
 * The results of `start(0)` … `start(count − 1)`, in order. While one is waited for or used, up to `ahead` of the next
 * are under way, never more: that bounds what is in memory. A failure is thrown when its turn comes.
 *
 * What is not waited for yet begins when the consumer has the result before it: its own work, where that runs on other
 * threads, is then under way and the two go on side by side.
 *
 * However the sequence ends, nothing is left running: what is under way is waited for. `stop` is called before that
 * where the end is early, to cut it short.
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

/** The same promise; a failure that nobody has come to yet, or ever will, is not an unhandled one. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
