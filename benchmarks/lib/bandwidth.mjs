/* oxlint-disable unicorn/require-post-message-target-origin -- these are worker threads, not windows */
// How fast this machine copies memory: the bound that GB/s of every task are held against.
//
// A copy reads and writes every byte, so it counts twice, as the bytes of the tasks do (what is read plus what is
// written). Blocks are far larger than the cache of a core; the threads copy blocks of their own, at the same time.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { summary } from './statistics.mjs';

const MEGABYTE = 2 ** 20;

async function timeCopies(workers, bytes, rounds) {
  const rates = [];
  for (let round = 0; round < rounds; round++) {
    const done = workers.map((worker) => once(worker, 'message'));
    const start = performance.now();
    for (const worker of workers) worker.postMessage('copy');
    await Promise.all(done);
    rates.push((2 * bytes * workers.length) / (performance.now() - start) / 1e6);
  }
  return summary(rates);
}

/** GB/s, with its spread, of so many threads. */
async function copyBandwidth(threads, { bytes, rounds }) {
  const workers = Array.from(
    { length: threads },
    () => new Worker(fileURLToPath(import.meta.url), { workerData: { bytes } }),
  );
  try {
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    return await timeCopies(workers, bytes, rounds);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** By number of threads: one, and all of the machine's. */
export async function measureBandwidth(cores, quick) {
  const settings = quick ? { bytes: 32 * MEGABYTE, rounds: 3 } : { bytes: 128 * MEGABYTE, rounds: 9 };
  const found = {};
  for (const threads of new Set([1, cores])) found[threads] = await copyBandwidth(threads, settings);
  return found;
}

if (!isMainThread) {
  const from = new Uint8Array(workerData.bytes).fill(1); // touched, or there would be no memory behind them yet
  const to = new Uint8Array(workerData.bytes).fill(2);
  parentPort.on('message', () => {
    to.set(from);
    parentPort.postMessage('done');
  });
  parentPort.postMessage('ready');
}
