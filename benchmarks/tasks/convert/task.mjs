// Mixing into what a network takes: a uint8 batch to mixed, normalised float32 in planes. The contenders are those of mix.
import { mixJobs } from '../mix/task.mjs';

export { check } from '../mix/task.mjs';

export const contendersOf = 'mix';

export const title = 'Convert';
export const about =
  'The same from a uint8 batch to mixed float32 NCHW, normalised, in one pass. The float32 rivals convert and normalise ' +
  'first, then mix. GB/s count the uint8 batch read once and the float32 result written once.';

export function jobs(given) {
  return mixJobs(given, { layout: 'NCHW', dtype: 'float32' }, 4);
}
