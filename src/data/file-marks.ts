/** Size, dates and, where wanted, content of many files. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { reasonOf } from '../errors';
import type { Signal } from '../types';
import { dataError } from './fail';
import type { StoredFiles } from './source';

type Path = string | Uint8Array;

/** Of each file three numbers, and a digest where content is wanted. */
export interface FileMarks {
  /** Bytes (-1 where the file cannot be looked at), and the last changes of content and of anything, in milliseconds. */
  numbers: Float64Array;
  /** DIGEST bytes each; zeros where a file cannot be read. */
  contents?: Uint8Array;
}

/** What goes to a thread. */
export interface MarksRequest {
  paths: readonly Path[];
  withContents: boolean;
}

export const NUMBERS = 3;
export const DIGEST = 16;

const READ = 1 << 20;

/** Of a file's content; memory for reading is shared by all. */
function digestOf(path: Path, memory: Uint8Array): Uint8Array {
  const file = openSync(path as Buffer, 'r');
  try {
    const hash = createHash('sha256');
    for (;;) {
      const read = readSync(file, memory);
      if (read === 0) return hash.digest().subarray(0, DIGEST);
      hash.update(memory.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
}

/** Looks at files one after the other, on the thread that calls it. */
export function marksHere({ paths, withContents }: MarksRequest): FileMarks {
  const numbers = new Float64Array(NUMBERS * paths.length);
  const contents = withContents ? new Uint8Array(DIGEST * paths.length) : undefined;
  const memory = new Uint8Array(withContents ? READ : 0);
  for (const [i, path] of paths.entries()) {
    try {
      const found = statSync(path as Buffer);
      numbers.set([found.size, Math.round(found.mtimeMs), Math.round(found.ctimeMs)], NUMBERS * i);
      // Reading a pipe would wait for ever.
      if (found.isFile()) contents?.set(digestOf(path, memory), DIGEST * i);
    } catch {
      numbers[NUMBERS * i] = -1;
    }
  }
  return contents ? { numbers, contents } : { numbers };
}

/** A thread needs compiled code, also where a test runner compiles this file itself. */
const THREAD = resolve(__dirname, '..', '..', 'dist', 'data', 'file-marks-thread.js');

function marksElsewhere(request: MarksRequest, signal: Signal | undefined): Promise<FileMarks> {
  return new Promise((done, fail) => {
    const worker = new Worker(THREAD, { workerData: request });
    const stop = () => {
      void worker.terminate();
      fail(signal?.reason as Error);
    };
    signal?.addEventListener('abort', stop, { once: true });
    worker.on('message', done);
    worker.on('error', fail);
    worker.on('exit', () => {
      signal?.removeEventListener('abort', stop);
      fail(new Error('the thread ended'));
    });
  });
}

/** So many are looked at sooner than a thread starts. */
const FEW = 2000;
/** Waiting for a file server is most of the work where there is one. */
const THREADS = Math.min(8, Math.max(2, availableParallelism()));

/**
 * Marks of all files, looked at in several threads.
 * @throws (rejects) the signal's reason when aborted
 */
export async function marksOf(
  files: StoredFiles,
  withContents: boolean,
  signal?: Signal,
): Promise<FileMarks> {
  signal?.throwIfAborted();
  const paths = Array.from({ length: files.count }, (_, i) => files.pathOf(i));
  if (paths.length <= FEW && !withContents) return marksHere({ paths, withContents });
  const each = Math.ceil(paths.length / THREADS);
  const parts = Array.from({ length: Math.ceil(paths.length / each) }, (_, part) => {
    const own = paths.slice(part * each, (part + 1) * each);
    return marksElsewhere({ paths: own, withContents }, signal);
  });
  const found = await Promise.all(parts).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw dataError(files.nameOf(0), `and its like cannot be looked at: ${reasonOf(error)}`, error);
  });
  const numbers = new Float64Array(NUMBERS * paths.length);
  const contents = withContents ? new Uint8Array(DIGEST * paths.length) : undefined;
  for (const [part, marks] of found.entries()) {
    numbers.set(marks.numbers, NUMBERS * part * each);
    if (marks.contents) contents?.set(marks.contents, DIGEST * part * each);
  }
  return contents ? { numbers, contents } : { numbers };
}
