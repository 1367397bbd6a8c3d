/**
 * Runs asynchronous tasks one after the other, in the order they are added. A task that fails does not stop the
 * next.
 */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  add<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
