// Takes what came back from a machine with a card into benchmarks/results, and writes GPU.md and the README's tables.
import { copyFileSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { plain, readResults } from '../../benchmarks/lib/report.mjs';
import { newestGpuResults, writeGpuPage } from '../../benchmarks/gpu/lib/report.mjs';
import { ROOT, run } from './parts.mjs';

const RESULTS = join(ROOT, 'benchmarks', 'results');
/** What each file is called in benchmarks/results: by what measured it, the device, and the commit. */
const NAMES = {
  'gpu-bench.json': (device, commit) => `gpu-bench-${device}-${commit}.json`,
  'gpu-training-webgpu.json': (device, commit) => `gpu-training-${device}-${commit}.json`,
  'gpu-training-cuda.json': (device, commit) => `gpu-training-cuda-${device}-${commit}.json`,
  'gpu-tests.json': (device, commit) => `gpu-tests-${device}-${commit}.json`,
};

function takeOne(folder, name) {
  const file = join(folder, name);
  if (!existsSync(file)) {
    console.log(`${name} is not there: left out`);
    return false;
  }
  const results = readResults(file);
  const { device, commit } = results.environment ?? results;
  if (results.dryRun || device === 'no card') throw new Error(`${file} is of a trial without a card`);
  copyFileSync(file, join(RESULTS, NAMES[name](plain(device), commit)));
  return true;
}

/** @param folder of the results; without it only the pages are written, from the newest that are kept */
export async function takeIn(folder) {
  if (folder !== undefined) {
    const place = resolve(process.env.INIT_CWD ?? '.', folder);
    const taken = Object.keys(NAMES).filter((name) => takeOne(place, name));
    if (taken.length === 0) throw new Error(`${place} holds no results`);
  }
  writeGpuPage(newestGpuResults());
  run(process.execPath, ['scripts/docs/tables.mjs']);
  console.log("The README's tables are written.");
}
