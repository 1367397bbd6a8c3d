// What each part of the native training engine gains: steps without it, beside whole ones.
import { check, clock, jobs as trainingJobs, processesPerJob } from '../training/task.mjs';

export const title = 'Ablation';
export const about =
  'Steps of the training engine as in the task training, and the same with one thing left out: convolutions in the direct ' +
  'form, or one of the patterns that the lowering puts in the place of standard operators (src/graph/lowering). How many times ' +
  'as fast as the whole each is; below 1 the part gains.';
export { check, clock, processesPerJob };

const WANTED = ['ResNet-20 128 32', 'ResNet-18 32 32', 'ResNet-50 4 224'];
const QUICK = ['ResNet-20 8 32'];

export async function jobs(given) {
  const wanted = given.quick ? QUICK : WANTED;
  const all = await trainingJobs({ ...given, only: given.only });
  return all
    .filter(({ id }) => wanted.includes(id))
    .map((job) => ({ ...job, memory: true, rivals: ['saliencymix'] }));
}
