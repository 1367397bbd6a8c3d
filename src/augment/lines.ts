/** The lines of labels.jsonl and errors.jsonl for a batch. */
import type { LoadedBatch } from '../data/load';
import type { MixedBatch } from '../mix/mixed';
import type { ErrorLine, LabelLine } from './journal';
import type { AugmentRun } from './options';
import type { Task } from './tasks';

/** Nine digits: enough to read back the same float32. */
const shortened = (value: number) => Number(value.toPrecision(9));

/** The line of sample i, without the file that its image is written to. */
export function labelRecord(
  { dataset, settings }: AugmentRun,
  task: Task,
  loaded: LoadedBatch,
  mixed: MixedBatch,
  i: number,
): Omit<LabelLine, 'file'> {
  const sample = mixed.plan.samples[i];
  const described = (at: number) => {
    const { id, label } = dataset.items[loaded.positions[at]];
    return { id, class: dataset.classes[label] };
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
