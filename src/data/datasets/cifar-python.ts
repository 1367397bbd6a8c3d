/**
 * The version of CIFAR for Python, which torchvision downloads: each file is a pickled dictionary with a list of labels, and with the
 * pixels of all images as one NumPy array of uint8, n × 3072.
 */
import { reasonOf } from '../../errors';
import { dataError } from '../fail';
import type { CifarFiles } from './cifar-files';
import { type CifarForm, checkLabel, type Place, type Records } from './cifar-form';
import { PIXELS } from './cifar-pixels';
import { Called, LongString, Named, type Pickled, readPickle } from './pickle';

/** The keys of a file's labels, and of the names of the classes. */
interface Keys {
  readonly labels: string;
  readonly names: string;
}

function form(
  files: Pick<CifarForm, 'classes' | 'train' | 'test' | 'names' | 'isCommon'>,
  keys: Keys,
): CifarForm {
  return {
    ...files,
    readNames: (there) => namesIn(there, files.names, keys.names),
    records: (place, file, classes) => recordsOf(place, file, keys.labels, classes),
    async count(there, name) {
      const file = there.pathOf(name);
      return pixelsIn(await dictionary(await there.open(name), file), file).size / PIXELS;
    },
  };
}

export const PYTHON_10 = form(
  { classes: 10, train: /^data_batch_\d+$/, test: /^test_batch$/, names: 'batches.meta' },
  { labels: 'labels', names: 'label_names' },
);

export const PYTHON_100 = form(
  { classes: 100, train: /^train$/, test: /^test$/, names: 'meta', isCommon: true },
  { labels: 'fine_labels', names: 'fine_label_names' },
);

async function namesIn(files: CifarFiles, name: string, key: string): Promise<string[]> {
  if (!files.names.includes(name)) return [];
  const file = files.pathOf(name);
  const names = (await dictionary(await files.open(name), file)).get(key);
  if (!Array.isArray(names) || !names.every((one) => typeof one === 'string'))
    throw unlike(file, `has no list of names "${key}"`);
  return names;
}

async function recordsOf(place: Place, file: string, key: string, classes: number): Promise<Records> {
  const found = await dictionary(place, file);
  const pixels = pixelsIn(found, file);
  const labels = found.get(key);
  if (!Array.isArray(labels)) throw unlike(file, `has no list "${key}"`);
  if (labels.length !== pixels.size / PIXELS)
    throw unlike(file, `has ${labels.length} labels for ${pixels.size / PIXELS} images`);
  return {
    labels: labels.map((label, record) => checkLabel(label, record, file, classes)),
    offset: place.offset + pixels.at,
    labelBytes: 0,
  };
}

async function dictionary(place: Place, file: string): Promise<Map<Pickled, Pickled>> {
  const found = await readPickle(place).catch((error: unknown) => {
    throw unlike(file, reasonOf(error), error);
  });
  if (!(found instanceof Map)) throw unlike(file, 'holds no dictionary');
  return found;
}

/** Where the pixels lie: the bytes of the array "data", by what NumPy writes down of one (its shape, type, order and bytes). */
function pixelsIn(found: ReadonlyMap<Pickled, Pickled>, file: string): LongString {
  const data = found.get('data');
  const state = data instanceof Called && isArray(data.what) ? data.state : undefined;
  const [, shape, type, columnsFirst, bytes] = Array.isArray(state) ? state : [];
  const isBytes = type instanceof Called && Array.isArray(type.given) && type.given[0] === 'u1';
  if (!Array.isArray(shape) || !isBytes || columnsFirst !== false || !(bytes instanceof LongString))
    throw unlike(file, 'has no array "data" of uint8');
  const [images, values] = shape;
  if (shape.length !== 2 || values !== PIXELS || Number(images) * PIXELS !== bytes.size)
    throw unlike(
      file,
      `has pixels of the shape ${shape.map(String).join(' × ')} in ${bytes.size} bytes, not n × ${PIXELS}`,
    );
  return bytes;
}

const isArray = (what: Pickled): boolean =>
  what instanceof Named && /^numpy\.(?:_?core)\.multiarray\._reconstruct$/.test(what.name);

const unlike = (file: string, what: string, cause?: unknown) =>
  dataError(file, `is not as CIFAR's files for Python are: it ${what}; download it again`, cause);
