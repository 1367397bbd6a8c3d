/**
 * A run as a list of batches: the items are shuffled by (seed, copy) and cut into batches; each shard has some
 * of them.
 */
import { type AugmentationDraws, drawAugmentation } from '../data/augmentation';
import { cut, order } from '../data/order';
import type { BatchId } from './journal';
import type { AugmentRun } from './options';

/** A batch of the run: the positions of its items, in order. */
export interface Task extends BatchId {
  positions: Uint32Array;
}

/** The batches of the run, in the order in which they are written. */
export function tasksOf({ dataset, settings }: Pick<AugmentRun, 'dataset' | 'settings'>): Task[] {
  const { batch, copies, shard, mixer } = settings;
  return Array.from({ length: copies }, (_, copy) => {
    const positions = order(dataset.length, { shuffle: true, seed: mixer.seed ?? 0, epoch: copy });
    return cut(positions, batch).map((at, b): Task => ({ copy, batch: b, positions: at }));
  })
    .flat()
    .filter((task) => (task.batch % shard.of) + 1 === shard.index);
}

/** What is drawn for the slots of a batch by the run's policy; undefined where it has none. */
export function drawsOf(
  { settings: { augment, mixer, size } }: Pick<AugmentRun, 'settings'>,
  { copy, batch, positions }: Task,
): AugmentationDraws | undefined {
  const at = { epoch: copy, batch };
  return augment && drawAugmentation(augment, mixer.seed ?? 0, at, positions.length, size);
}

/** The tasks in groups, the parts of the run: see journal.ts. */
export function partsOf(tasks: readonly Task[], perPart: number): Task[][] {
  const count = Math.ceil(tasks.length / perPart);
  return Array.from({ length: count }, (_, part) => tasks.slice(part * perPart, (part + 1) * perPart));
}
