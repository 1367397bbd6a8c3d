/** Data sets taken through the package: described, opened, all images loaded twice, mixed. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageApi } from './api.mjs';
import { checkError, must, outcomeOf } from './oracle.mjs';

const { describeDataset, openDataset, createMixer } = packageApi;

/** An image of the limit that is there by default takes 2 GB, in 16 bits and CIELAB. */
const MOST_PIXELS = 2 ** 24;

const isText = (value) => typeof value === 'string' && value.length > 0;

function checkWeights(weights, count, whose) {
  must(weights.length === count, `${weights.length} weights of ${count} classes for ${whose}`);
  let sum = 0;
  for (const weight of weights) {
    must(Number.isFinite(weight) && weight >= 0, `the weight ${weight} for ${whose}`);
    sum += weight;
  }
  must(Math.abs(sum - 1) < 0.01, `weights with the sum ${sum} for ${whose}`);
}

function checkListing({ classes, items, length, problems, leftOut, notices }) {
  must(items.length === length && length > 0, `${items.length} items where ${length} are stated`);
  must(classes.length > 0 && classes.every(isText), `the classes ${JSON.stringify(classes).slice(0, 300)}`);
  must(new Set(classes).size === classes.length, `a class twice: ${JSON.stringify(classes).slice(0, 300)}`);
  must(new Set(items.map(({ id }) => id)).size === length, 'an id twice');
  for (const { id, label, soft } of items) {
    must(
      isText(id) && Number.isInteger(label) && label >= 0 && label < classes.length,
      `the label ${label} for ${id}`,
    );
    if (soft) checkWeights(soft, classes.length, id);
  }
  for (const { file, reason } of problems)
    must(isText(file) && isText(reason), `a problem without a name or reason: ${file}`);
  for (const count of Object.values(leftOut))
    must(Number.isInteger(count) && count > 0, `${count} files left out`);
  must(notices.every(isText), 'an empty notice');
}

function checkDescription(description, dataset) {
  must(
    description.images === dataset.length,
    `${description.images} images described, ${dataset.length} opened`,
  );
  const sum = description.classes.reduce((total, { images }) => total + images, 0);
  must(sum === dataset.length, `classes of ${sum} images in all, of ${dataset.length}`);
  for (const { height, width } of description.sizes)
    must(
      Number.isInteger(height) && height > 0 && Number.isInteger(width) && width > 0,
      `the size ${height} × ${width}`,
    );
}

function checkBatch({ images, labels, ids, holes, slots }, [height, width], classes, size) {
  const { data, shape } = images;
  const [count] = shape;
  must(
    data instanceof Uint8Array && data.length === shape.reduce((a, b) => a * b),
    `${data.length} bytes for [${shape}]`,
  );
  if (height)
    must(
      shape[1] === height && shape[2] === width && shape[3] === 3,
      `[${shape}] for the size ${height} × ${width}`,
    );
  must(ids.length === count && count > 0, `${ids.length} ids of ${count} images`);
  must(
    count + holes.length === slots.count && slots.count <= size,
    `${count} images, ${holes.length} holes, ${slots.count} slots`,
  );
  must(labels.length === (labels instanceof Int32Array ? count : count * classes), `${labels.length} labels`);
  for (const { error } of holes) checkError(error);
}

const equal = (a, b) =>
  Buffer.compare(
    Buffer.from(a.buffer, a.byteOffset, a.length),
    Buffer.from(b.buffer, b.byteOffset, b.length),
  ) === 0;

/** All batches twice: memory that nobody wrote to would differ. */
async function loadTwice(dataset, size) {
  const batch = 16;
  const options = { size, batch, shuffle: false, onBad: 'skip' };
  const first = [];
  for await (const one of dataset.batches(options)) {
    checkBatch(one, Array.isArray(size) ? size : [], dataset.classes.length, batch);
    first.push(one);
  }
  let i = 0;
  for await (const { images } of dataset.batches({ ...options, prefetch: 0 })) {
    const before = first[i++]?.images;
    must(before && equal(before.data, images.data), 'other pixels when the same images are loaded again');
  }
  return first;
}

async function mixOne({ images, labels }, classes) {
  const mixer = createMixer({ method: 'saliencymix', classes, seed: 1, threads: 2 });
  const mixed = await mixer.mix(images, labels);
  must(
    mixed.labels.length === images.shape[0] * classes && mixed.labels.every(Number.isFinite),
    'mixed labels that are not finite',
  );
}

async function readOpened(dataset, description, { size, mix }) {
  checkListing(dataset);
  if (description) checkDescription(description, dataset);
  const loaded = await outcomeOf(loadTwice(dataset, size));
  if (loaded.refused) return loaded;
  const [first] = loaded.result;
  if (mix && first && first.images.shape[1] * first.images.shape[2] < 1e6)
    return outcomeOf(mixOne(first, dataset.classes.length));
  return {};
}

/**
 * Takes a data set through everything that reads it. `accept` looks at the opened data set, too.
 * @returns the code of the first refusal, or nothing
 */
export async function readData(options, { size = [24, 24], mix = false, accept = () => undefined } = {}) {
  const limited = { maxPixels: MOST_PIXELS, ...(typeof options === 'string' ? { path: options } : options) };
  const described = await outcomeOf(describeDataset(limited));
  const opened = await outcomeOf(openDataset(limited));
  if (opened.refused) {
    // describeDataset may go on where classes are empty, and stop where a header cannot be read.
    return opened;
  }
  const dataset = opened.result;
  try {
    accept(dataset);
    return await readOpened(dataset, described.result, { size, mix });
  } finally {
    await dataset.close();
  }
}

/** All files below a folder, relative to it. */
export function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1));
}
