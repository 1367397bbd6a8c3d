/** The lines of labels.jsonl and errors.jsonl for a batch. */
import type { AugmentationDraws } from '../data/augmentation';
import type { LoadedBatch } from '../data/load';
import type { MixedBatch } from '../mix/mixed';
import { operationsOf } from '../operations/plan';
import type { ErrorLine, LabelLine, MixedImage } from './journal';
import type { AugmentRun } from './options';
import type { Task } from './tasks';

/** Nine digits: enough to read back the same float32. */
const shortened = (value: number) => Number(value.toPrecision(9));

/** The line of sample i, without the file that its image is written to. */
export function labelRecord(
  { dataset, settings }: AugmentRun,
  task: Task,
  loaded: LoadedBatch,
  { mixed, draws }: { mixed: MixedBatch; draws?: AugmentationDraws },
  i: number,
): Omit<LabelLine, 'file'> {
  const sample = mixed.plan.samples[i];
  const described = (at: number): MixedImage => {
    const { id, label } = dataset.items[loaded.positions[at]];
    const slot = loaded.slots.of[at];
    const parts = [draws?.operations, draws?.last].filter((part) => part !== undefined);
    const operations = parts.flatMap((part) => operationsOf(part, slot));
    return { id, class: dataset.classes[label], ...(draws && { operations }) };
  };
  const classes = settings.classes.length;
  return {
    copy: task.copy,
    batch: task.batch,
    method: sample.method,
    mixed: sample.mixed,
    target: described(sample.target),
    source: described(sample.source),
    lambda: sample.lambda,
    from: sample.from ?? null,
    to: sample.to ?? null,
    peak: sample.anchor ?? null,
    label: Array.from(mixed.labels.subarray(i * classes, (i + 1) * classes), shortened),
  };
}

/** A line for each bad file. With `strict` the first one is thrown instead. */
export function errorLines(
  { strict }: AugmentRun,
  { copy, batch }: Task,
  { holes }: LoadedBatch,
): ErrorLine[] {
  if (strict && holes.length > 0) throw holes[0].error;
  return holes.map(({ id, error }) => ({ copy, batch, file: id, reason: error.message }));
}
