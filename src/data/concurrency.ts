/** Limits how many asynchronous tasks run at once, and stops waiting for one when a signal aborts. */
import { availableParallelism } from 'node:os';
import type { Signal } from '../types';

/** Runs a task as soon as it may; tasks that wait start in the order in which they came. */
export type Gate = <T>(task: () => Promise<T>) => Promise<T>;

/**
 * Two per core, so that one file is read while another is decoded; at least eight, to keep libuv's four threads
 * busy.
 */
const AT_ONCE = Math.max(8, 2 * availableParallelism());

/** A gate that lets `max` tasks run at once. */
export function createGate(max = AT_ONCE): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    // A task that ends passes its place on to one that waits, so that a new task cannot take it first.
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

/** Runs a task of a size as soon as it may, given how much all that run may have together; in the order in which they came. */
export type SizeGate = <T>(size: number, most: number, task: () => Promise<T>) => Promise<T>;

/** A gate by size. A task that alone is larger than what all may have runs alone. */
export function createSizeGate(): SizeGate {
  const waiting: { mayRun: () => boolean; start: () => void }[] = [];
  let running = 0;
  return async (size, most, task) => {
    const mayRun = () => running === 0 || running + size <= most;
    if (waiting.length === 0 && mayRun()) running += size;
    else
      await new Promise<void>((start) =>
        waiting.push({
          mayRun,
          start: () => {
            running += size;
            start();
          },
        }),
      );
    try {
      return await task();
    } finally {
      running -= size;
      while (waiting[0]?.mayRun()) waiting.shift()?.start();
    }
  };
}

/**
 * The same promise, but rejected with the signal's reason as soon as it aborts. The work itself goes on; its
 * result is lost.
 */
export function abortable<T>(work: Promise<T>, signal: Signal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
