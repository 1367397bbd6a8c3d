// What each specialisation of the processor's code gains, and each part of its threads: batches mixed without it, beside whole ones.
import { join } from 'node:path';
import { times } from '../../lib/figures.mjs';
import { pairedRatio } from '../../lib/statistics.mjs';
import { CLASSES, check as checkMix, MEAN, STD } from '../mix/task.mjs';
import { buildWithout, isNative, linesOf, PARTS } from '../../lib/parts.mjs';

export const title = 'Parts';
export const about =
  'Batches mixed by SaliencyMix, uint8 in and uint8 out, as in the task mix, and the same by copies of the package without one of ' +
  'its specialisations (native/cpu/parts.h, native/threads/parts.h, src/mix/parts.ts). How many times as fast as the whole each is; ' +
  'below 1 the part gains. Lines are those of its own files.';

const SIDES = [32, 64, 224];
const COUNTS = [1, 64, 256];

let built;

/** Copies are built once; --quick has those alone for which nothing is compiled. */
function copies({ root, folder, quick }) {
  const parts = PARTS.filter((part) => !quick || !isNative(part));
  built ??= buildWithout(parts, root, join(folder, 'parts'), (line) => console.log(`  ${line}`));
  return built;
}

export function jobs(given) {
  const sizes = given.quick
    ? [{ count: 8, side: 32 }]
    : SIDES.flatMap((side) => COUNTS.map((count) => ({ count, side })));
  return sizes.map((size) => ({
    id: `${size.side} ${size.count}`,
    label: `batches of ${size.count} × ${size.side}²`,
    method: 'saliencymix',
    output: { layout: 'NHWC', dtype: 'uint8' },
    normalise: { mean: MEAN, std: STD },
    classes: CLASSES,
    input: given.inputs(size),
    batch: size,
    images: size.count,
    copies: copies(given),
    rivals: ['saliencymix'],
  }));
}

export const check = checkMix;

/** A row for each part, a column for each size and number of threads: how many times as fast the whole is without it. */
export function summarise(done, root) {
  const columns = done.flatMap((job) =>
    [...new Set(job.contenders.map(({ threads }) => threads))].map((threads) => ({ job, threads })),
  );
  const contender = ({ job, threads }, name) =>
    job.contenders.find((one) => one.name === name && one.threads === threads);
  const rows = PARTS.map((part) => {
    const name = `without ${part.name}`;
    const cells = columns.map((column) => {
      const own = contender(column, name);
      return own ? times(pairedRatio(own.ms, contender(column, 'saliencymix').ms)) : '';
    });
    return [name, String(linesOf(part, root) ?? ''), ...cells];
  });
  const head = columns.map(({ job: { batch }, threads }) => `${batch.count} × ${batch.side}², ${threads}`);
  return { head: ['', 'lines', ...head], rows: rows.filter(([, , ...cells]) => cells.some(Boolean)) };
}
