/**
 * A folder of images with their soft labels in labels.jsonl, as `augment` writes it: each line has the `file`, relative to the
 * folder, and its `label`, one weight per class. The classes are named by run.json.
 */
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { dataError, splitError } from '../fail';
import { countLeftOut, isImage, sortedByBytes } from '../layout/names';
import { type Limits, limitsOf } from '../limits';
import { linesOf } from '../lines';
import type { DatasetSource, Item, Problem } from '../source';
import { readImageFile } from './folder';
import type { Format, OpenOptions } from './format';
import { LABELS_FILE, largestOf, namesOrNumbers, weightsAsLabel } from './own-run';
import { walk } from './walk';

const IMAGES = 'images';

export const labelled: Format = {
  name: 'labelled',
  summary: 'what `augment` has written: images/ with soft labels in labels.jsonl',
  async matches(root) {
    const there = async (name: string) => fs.stat(path.join(root, name)).catch(() => undefined);
    const [labels, images] = await Promise.all([there(LABELS_FILE), there(IMAGES)]);
    return Boolean(labels?.isFile() && images?.isDirectory());
  },
  open,
};

async function open(options: OpenOptions): Promise<DatasetSource> {
  const { path: root, split } = options;
  const limits = limitsOf(options);
  if (split !== undefined)
    throw splitError(root, `has no splits, so "${split}" cannot be picked: leave it out`);
  const weights = await readLabels(root, limits);
  const found = await walk(root);
  const images = sortedByBytes(found.files.filter((id) => isImage(id) && id.startsWith(`${IMAGES}/`)));
  const there = new Set(images);
  const items: Item[] = images.flatMap((id) => {
    const soft = weights.get(id);
    return soft ? [{ id, label: largestOf(soft), soft }] : [];
  });
  if (items.length === 0) throw dataError(root, `has no image in ${IMAGES}/ with a line in ${LABELS_FILE}`);
  const unlabelled = images.filter((id) => !weights.has(id));
  const missing = [...weights.keys()].filter((id) => !there.has(id));
  const problems: Problem[] = [
    ...found.problems,
    ...unlabelled.map((file) => ({ file, reason: `has no line in ${LABELS_FILE}; it is left out` })),
    ...missing.map((file) => ({ file, reason: `is in ${LABELS_FILE}, but not there` })),
  ];
  return {
    format: labelled.name,
    classes: await namesOrNumbers(root, (items[0].soft as Float32Array).length, limits),
    items,
    problems,
    leftOut: countLeftOut(found.files.filter((id) => !there.has(id))),
    limits,
    read: (index) => readImageFile(root, items[index].id, limits),
    close: async () => {},
  };
}

/**
 * The weights of each file.
 * @throws (rejects) SaliencyMixError DATA for a file that cannot be read, or a line that is no such label
 */
async function readLabels(root: string, limits: Limits): Promise<Map<string, Float32Array>> {
  const file = path.join(root, LABELS_FILE);
  const weights = new Map<string, Float32Array>();
  let classes: number | undefined;
  for await (const { text, number } of linesOf(file, limits)) {
    if (text.trim() === '') continue;
    const read = labelIn(text);
    classes ??= read?.label.length;
    if (!read || read.label.length !== classes) {
      const expected = `"file" and "label", a list of ${classes ?? 'one or more'} weights of at least 0, one of them above`;
      throw dataError(file, `has in line ${number} not what belongs there: ${expected}`);
    }
    weights.set(read.file, read.label);
  }
  return weights;
}

function labelIn(line: string): { file: string; label: Float32Array } | undefined {
  try {
    const { file, label } = JSON.parse(line) as { file?: unknown; label?: unknown };
    const areNumbers = Array.isArray(label) && label.every((value) => typeof value === 'number');
    const weights = areNumbers ? weightsAsLabel(Float32Array.from(label)) : undefined;
    return typeof file === 'string' && file !== '' && weights ? { file, label: weights } : undefined;
  } catch {
    return undefined;
  }
}
