// What each specialisation of the processor's code gains, and each part of its threads: batches mixed without it, beside whole ones.
import { join } from 'node:path';
import { readArray } from '../../lib/batches.mjs';
import { checkEqual } from '../../lib/compare.mjs';
import { times } from '../../lib/figures.mjs';
import { pairedRatio } from '../../lib/statistics.mjs';
import { CLASSES, check as checkMix, MEAN, STD } from '../mix/task.mjs';
import { buildWithout, isNative, linesOf, PARTS, SAME } from '../../lib/parts.mjs';

export const title = 'What the parts of mixing gain';
export const about =
  'Batches mixed by SaliencyMix from uint8 to uint8, but where it says something else, as in the tasks mix and saliency, and the same ' +
  'by copies of ' +
  'the package without one of its parts (native/cpu/parts.h, native/threads/parts.h, src/mix/parts.ts). How many times as fast as the ' +
  'whole each is: below 1 the part gains. Lines are those of its own files, where it has some. With more threads than processors, ' +
  'copies without parts of the threads alone are measured.';

const SIDES = [32, 64, 224];
const COUNTS = [1, 64, 256];
/** A batch that is drawn in a good part of the time in which it is mixed. */
const DRAWN = { count: 1024, side: 32, method: 'cutmix' };
/** Results of which memcpy cannot know how large they all are. */
const PLANES = { count: 64, side: 224, output: { layout: 'NCHW', dtype: 'float32' } };
const BYTES = { layout: 'NHWC', dtype: 'uint8' };
/** Of a method of saliency that has parts of its own: the maps, and batches mixed by them. */
const MAPS = { count: 64, side: 224, finds: 'spectral-residual' };
const MIXED_BY_MAPS = { count: 64, side: 224, saliency: 'spectral-residual' };

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
    : [
        ...SIDES.flatMap((side) => COUNTS.map((count) => ({ count, side }))),
        DRAWN,
        PLANES,
        MAPS,
        MIXED_BY_MAPS,
      ];
  return sizes.map(({ method = 'saliencymix', output = BYTES, finds, saliency, ...size }) => ({
    id: [size.side, size.count, finds && `maps ${finds}`, saliency, output !== BYTES && output.dtype]
      .filter(Boolean)
      .join(' '),
    label:
      `${finds ? `maps of ${finds}` : method}, batches of ${size.count} × ${size.side}²` +
      `${saliency ? ` by ${saliency}` : ''}${output === BYTES ? '' : ` to ${output.dtype}`}`,
    method: finds ?? method,
    finds,
    saliency,
    output,
    normalise: { mean: MEAN, std: STD },
    classes: CLASSES,
    input: given.inputs(size),
    batch: size,
    images: size.count,
    copies: copies(given),
    rivals: ['saliencymix'],
  }));
}

export function check(job, result, reference) {
  if (!job.finds) return checkMix(job, result, reference);
  for (const name of ['maps', 'peaks']) {
    const [found, wanted] = [result, reference].map(({ arrays }) => readArray(arrays[name]).data);
    checkEqual(found, wanted, name);
  }
  return undefined;
}

/** For each number of threads a row for each part and a column for each size: how many times as fast the whole is without it. */
export function summarise(done, root) {
  const counts = [...new Set(done.flatMap(({ contenders }) => contenders.map(({ threads }) => threads)))];
  const rows = [
    { name: SAME },
    ...PARTS.map((part) => ({ name: `without ${part.name}`, lines: linesOf(part, root) })),
  ];
  const head = [
    '',
    'lines',
    ...done.map(({ label }) => label.replace('batches of ', '').replace('saliencymix, ', '')),
  ];
  return counts.map((threads) => ({
    title: `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    head,
    rows: rows
      .map(({ name, lines }) => [name, String(lines ?? ''), ...done.map((job) => gainOf(job, name, threads))])
      .filter(([, , ...gains]) => gains.some((gain) => gain !== '')),
  }));
}

function gainOf({ contenders }, name, threads) {
  const find = (wanted) => contenders.find((one) => one.name === wanted && one.threads === threads);
  const own = find(name);
  return own ? times(pairedRatio(own.ms, find('saliencymix').ms)) : '';
}
