/** CIFAR's binary files with a few records each, their texts of class names, and pickles in their place. */
import { join } from 'node:path';
import { changeBytes } from '../lib/bytes.mjs';
import { readData } from '../lib/data.mjs';

const records = (labels, labelBytes) =>
  Buffer.concat(
    labels.map((label) => Buffer.concat([Buffer.alloc(labelBytes, label), Buffer.alloc(3072, label * 9)])),
  );
const names = (count) => Buffer.from(Array.from({ length: count }, (_, i) => `class ${i}\n`).join(''));

const seeds = async () => [
  {
    name: 'ten',
    files: {
      'batches.meta.txt': names(10),
      'data_batch_1.bin': records([0, 1, 2, 9], 1),
      'data_batch_2.bin': records([3, 4], 1),
      'test_batch.bin': records([5, 6], 1),
    },
    options: {},
  },
  {
    name: 'hundred',
    files: {
      'fine_label_names.txt': names(100),
      'coarse_label_names.txt': names(20),
      'train.bin': records([0, 7, 19], 2),
      'test.bin': records([5, 6], 2),
    },
    options: { split: 'test' },
  },
  {
    name: 'above',
    files: {
      'cifar-10-batches-bin/data_batch_1.bin': records([1, 2], 1),
      'readme.html': Buffer.from('<html>'),
    },
    options: {},
  },
];

const TEXTS = [
  '',
  '\n',
  '\n\n\n',
  'one',
  'a\na\n',
  'x\n'.repeat(300),
  '\0\n\0\n',
  '\u001b[31mred\n',
  '\ufeffa\nb\n',
  '\xff\xfe',
];

function change(random, seed) {
  const files = { ...seed.files };
  const path = random.pick(Object.keys(files));
  switch (random.below(6)) {
    case 0:
      files[path] = Buffer.from(random.pick(TEXTS), 'latin1');
      break;
    case 1:
      delete files[path];
      break;
    case 2:
      files[path.replace('.bin', '')] = Buffer.concat([Buffer.from([0x80, 2]), random.bytes(40)]);
      delete files[path];
      break;
    case 3:
      files[path] = files[path].subarray(0, random.pick([0, 1, 3072, 3073, 3074, 6146]));
      break;
    default:
      files[path] = changeBytes(random, files[path]);
  }
  return {
    files,
    options: { ...seed.options, mix: random.oneIn(8), format: random.oneIn(4) ? 'cifar' : undefined },
  };
}

const run = (folder, { mix, ...options }) =>
  readData({ ...options, path: join(folder) }, { size: 'auto', mix });

export const cifar = { seeds, change, run };
