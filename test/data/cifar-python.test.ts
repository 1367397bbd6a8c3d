/** CIFAR for Python, in files made as Python 2 made the published ones, and by Python itself where it is there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openDataset } from '../../src';
import { cifar } from '../../src/data/datasets/cifar';
import type { RawImage } from '../../src/data/source';
import { opener, pixels, planes } from './cifar-images';
import { failure, put, tarOf, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();
let count = 0;
const fresh = () => path.join(temporary, `set-${count++}`);
const open = opener();

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const uint32 = (number: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
};

/** Values as cPickle of Python 2 writes them by protocol 2, each but numbers kept under the next number. */
class Pickler {
  private readonly parts: Buffer[] = [latin1('\x80\x02')];
  private kept = 0;

  raw(...parts: (string | Buffer)[]): this {
    this.parts.push(...parts.map((part) => (typeof part === 'string' ? latin1(part) : part)));
    return this;
  }

  keep(): this {
    return this.kept < 256 ? this.raw('q', Buffer.of(this.kept++)) : this.raw('r', uint32(this.kept++));
  }

  text(text: string): this {
    return this.raw('U', Buffer.of(text.length), text).keep();
  }

  whole(number: number): this {
    return number < 256
      ? this.raw('K', Buffer.of(number))
      : this.raw('M', Buffer.of(number % 256, number >> 8));
  }

  list(items: readonly (string | number)[]): this {
    this.raw(']').keep().raw('(');
    for (const item of items) {
      if (typeof item === 'string') this.text(item);
      else this.whole(item);
    }
    return this.raw('e');
  }

  /** numpy.ndarray of uint8. */
  array(shape: readonly [number, number], bytes: Buffer, type = 'u1'): this {
    this.raw('cnumpy.core.multiarray\n_reconstruct\n').keep();
    this.raw('cnumpy\nndarray\n').keep().raw('K\0\x85').keep().text('b').raw('\x87').keep().raw('R').keep();
    this.raw('(K\x01').whole(shape[0]).whole(shape[1]).raw('\x86').keep();
    this.raw('cnumpy\ndtype\n').keep().text(type).raw('K\0K\x01\x87').keep().raw('R').keep();
    this.raw('(K\x03').text('|').raw('NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t').keep().raw('b');
    return this.raw('\x89T', uint32(bytes.length), bytes).keep().raw('t').keep().raw('b');
  }

  end = (): Buffer => Buffer.concat([...this.parts, latin1('.')]);
}

/** The planes of so many images. */
const planesOf = (images: number) => Buffer.from(Array.from({ length: images }, (_, i) => planes(i)).flat());

/** A file of CIFAR-10: the keys in the order of the published files. */
function batch(labels: readonly number[], type?: string): Buffer {
  return new Pickler()
    .raw('}')
    .keep()
    .raw('(')
    .text('batch_label')
    .text('training batch 1 of 5')
    .text('labels')
    .list(labels)
    .text('data')
    .array([labels.length, 3072], planesOf(labels.length), type)
    .text('filenames')
    .list(labels.map((_, i) => `leptodactylus_pentadactylus_s_${String(i).padStart(6, '0')}.png`))
    .raw('u')
    .end();
}

const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const meta = () =>
  new Pickler()
    .raw('}')
    .keep()
    .raw('(')
    .text('num_cases_per_batch')
    .whole(10000)
    .text('label_names')
    .list(CLASSES)
    .text('num_vis')
    .whole(3072)
    .raw('u')
    .end();

/** More images than lie in what is read at a time. */
const MANY = Array.from({ length: 700 }, (_, i) => (i * 7) % 10);

function fill(folder: string): string {
  put(folder, 'data_batch_1', batch([3, 0, 9]));
  put(folder, 'data_batch_2', batch(MANY));
  put(folder, 'test_batch', batch([1, 2]));
  put(folder, 'batches.meta', meta());
  return folder;
}

async function expectCifar10(root: string): Promise<void> {
  const source = await open(root);
  expect(source.classes).toEqual(CLASSES);
  expect(source.items).toHaveLength(703);
  expect(source.items.slice(0, 4)).toEqual([
    { id: 'data_batch_1/00000', label: 3 },
    { id: 'data_batch_1/00001', label: 0 },
    { id: 'data_batch_1/00002', label: 9 },
    { id: 'data_batch_2/00000', label: 0 },
  ]);
  expect(source.items.slice(3).map(({ label }) => label)).toEqual(MANY);
  expect(source.splits).toEqual([
    { name: 'train', images: 703 },
    { name: 'test', images: 2 },
  ]);
  expect(((await source.read(1)) as RawImage).pixels).toEqual(pixels(1));
  expect(((await source.read(702)) as RawImage).pixels).toEqual(pixels(699));
  const out = new Uint8Array(2 * 3072);
  await source.bulk?.read([4, 702], out);
  expect(out.subarray(0, 3072)).toEqual(pixels(1));
  expect(out.subarray(3072)).toEqual(pixels(699));
}

test('CIFAR-10: its folder, one above it, and a .tar', async () => {
  const root = fresh();
  const folder = fill(path.join(root, 'cifar-10-batches-py'));
  put(root, 'cifar-10-python.tar.gz', 'as torchvision leaves it');
  await expectCifar10(folder);
  await expectCifar10(root);
  const files = ['batches.meta', 'data_batch_1', 'data_batch_2', 'test_batch'];
  const entries = files.map((name) => ({
    name: `cifar-10-batches-py/${name}`,
    content: readFileSync(path.join(folder, name)),
  }));
  await expectCifar10(put(fresh(), 'cifar-10-python.tar', await tarOf(entries)));
  const dataset = await openDataset(root);
  expect([dataset.length, dataset.classes[3]]).toEqual([703, 'cat']);
  await dataset.close();
});

test('CIFAR-100: the fine label is the class', async () => {
  const root = fresh();
  const file = new Pickler()
    .raw('}')
    .keep()
    .raw('(')
    .text('coarse_labels')
    .list([11, 15])
    .text('fine_labels')
    .list([99, 1])
    .text('data')
    .array([2, 3072], planesOf(2))
    .raw('u')
    .end();
  const names = Array.from({ length: 100 }, (_, i) => `class ${i}`);
  put(root, 'train', file);
  put(
    root,
    'meta',
    new Pickler().raw('}').keep().raw('(').text('fine_label_names').list(names).raw('u').end(),
  );
  const source = await open(root);
  expect(source.classes).toEqual(names);
  expect(source.items).toEqual([
    { id: 'train/00000', label: 99 },
    { id: 'train/00001', label: 1 },
  ]);
  expect(((await source.read(1)) as RawImage).pixels).toEqual(pixels(1));
});

test('of both versions the binary one is taken; of CIFAR-10 and CIFAR-100 none', async () => {
  const root = fresh();
  fill(path.join(root, 'cifar-10-batches-py'));
  put(root, 'cifar-10-batches-bin/data_batch_1.bin', Buffer.concat([Buffer.of(5), planesOf(1)]));
  expect((await open(root)).items).toEqual([{ id: 'data_batch_1.bin/00000', label: 5 }]);
  const other = fresh();
  fill(path.join(other, 'cifar-10-batches-py'));
  put(other, 'cifar-100-python/train', batch([1]));
  put(other, 'cifar-100-python/meta', meta());
  const error = await failure(open(other));
  expect(error.message).toMatch(/holds CIFAR's files in ".*-10-batches-py" and other data in ".*100-python"/);
});

describe('files that are not as published', () => {
  const whole = batch([3, 0, 9]);
  const dictionary = () => new Pickler().raw('}').keep().raw('(');
  test.each<[string, Buffer, RegExp]>([
    ['cut within the labels', whole.subarray(0, 60), /ends too early; download it again/],
    ['cut within the pixels', whole.subarray(0, 5000), /ends too early/],
    ['cut at the end', whole.subarray(0, -1), /ends too early/],
    ['another code', Buffer.concat([latin1('\x80\x02\x82'), whole]), /has the code 130, which is not read/],
    ['no dictionary', new Pickler().list([1]).end(), /holds no dictionary/],
    ['without pixels', dictionary().text('labels').list([1]).raw('u').end(), /has no array "data" of uint8/],
    ['floats', batch([1], 'f4'), /has no array "data" of uint8/],
    [
      'fewer labels',
      dictionary().text('labels').list([1]).text('data').array([2, 3072], planesOf(2)).raw('u').end(),
      /has 1 labels for 2 images/,
    ],
    [
      'a shape that is not that of its bytes',
      dictionary().text('labels').list([1]).text('data').array([3, 3072], planesOf(2)).raw('u').end(),
      /has pixels of the shape 3 × 3072 in 6144 bytes, not n × 3072/,
    ],
    ['a label out of range', batch([1, 10]), /has the label 10 in record 1, but there are 10 classes/],
    ['a value that is not kept', latin1('\x80\x02h\x05.'), /asks for a value that it does not have/],
    ['an empty stack', latin1('\x80\x02R.'), /takes a value where there is none/],
    ['no mark', latin1('\x80\x02}u.'), /takes values where there are none/],
  ])('%s', async (_, bytes, message) => {
    const root = fresh();
    put(root, 'data_batch_1', bytes);
    const error = await failure(open(root));
    expect(error.code).toBe('DATA');
    expect(error.message).toMatch(message);
    expect(error.message).toContain('data_batch_1');
  });

  test('every byte of it changed: an error or other values, and nothing else', async () => {
    const root = fresh();
    const ends = [...Array(120).keys(), ...Array.from({ length: 160 }, (_, i) => whole.length - 160 + i)];
    for (const at of ends) {
      const changed = Buffer.from(whole);
      changed[at] ^= 1 << (at % 8);
      put(root, 'data_batch_1', changed);
      const result = await cifar.open({ path: root }).then(
        async (source) => {
          expect(source.items.length).toBe(3);
          await source.close();
          return 'DATA';
        },
        (error: { code?: string }) => error.code,
      );
      expect(result).toBe('DATA');
    }
  });
});

const numpy = spawnSync('python3', ['-c', 'import numpy']).status === 0;
if (numpy) {
  test.each([2, 3, 4])(
    'Python reads what is tested here, and what it writes by protocol %i is read',
    async (protocol) => {
      const root = fresh();
      const folder = fill(path.join(root, 'cifar-10-batches-py'));
      // Protocol 2 of Python 3 writes bytes as text; so the published files are read and left as they are.
      execFileSync('python3', [
        '-c',
        `
import pickle, sys
for name in ('data_batch_1', 'data_batch_2', 'test_batch', 'batches.meta'):
    path = ${JSON.stringify(folder)} + '/' + name
    with open(path, 'rb') as file: found = pickle.load(file, encoding='latin1')
    if 'data' in found: assert found['data'].shape == (len(found['labels']), 3072) and found['data'].dtype == 'uint8'
    if ${protocol} > 2:
        with open(path, 'wb') as file: pickle.dump(found, file, protocol=${protocol})
`,
      ]);
      await expectCifar10(root);
    },
  );
}
