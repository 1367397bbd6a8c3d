/** Tar archives and folders of shards: class folders, splits, WebDataset samples, long and strange names, links, CIFAR's files. */
import { join } from 'node:path';
import { changeBytes, NUMBERS } from '../lib/bytes.mjs';
import { readData } from '../lib/data.mjs';
import { small } from '../lib/pictures.mjs';
import { archive, entry, record, seal } from '../lib/tar.mjs';

const BLOCK = 512;

async function classFolders() {
  const files = [];
  for (const name of ['cat/1.png', 'cat/2.png', 'dog/1.png', 'dog/2.png'])
    files.push(entry(name, await small(files.length)));
  return files;
}

async function samples(ending, textOf) {
  const files = [];
  for (let i = 0; i < 4; i++)
    files.push(entry(`00${i}.png`, await small(i)), entry(`00${i}.${ending}`, textOf(i)));
  return files;
}

async function extended() {
  const long = `dog/${'n'.repeat(150)}.png`;
  return [
    entry('PaxGlobal', record('comment', 'x'), 'g'),
    entry(
      'PaxHeader',
      record('path', 'cat/pax é.png') +
        record('mtime', '1.5') +
        record('size', String((await small(1)).length)),
      'x',
    ),
    entry('short', await small(1)),
    entry('././@LongLink', `${long}\0`, 'L'),
    entry('short', await small(2)),
    entry('cat/', '', '5'),
    entry('dog/link.png', '', '1', 'cat/pax é.png'),
    entry('cat/sym.png', '', '2', `../${long}`.slice(0, 100)),
    entry('cat/device.png', '', '3'),
    entry('PaxHeader', record('GNU.sparse.major', '1') + record('GNU.sparse.name', 'cat/holes.png'), 'x'),
    entry('short', await small(3)),
  ];
}

const cifarRecord = (label) => Buffer.concat([Buffer.from([label]), Buffer.alloc(3072, label * 20)]);

async function seeds() {
  const many = (records) => Buffer.concat(records.map(cifarRecord));
  const tars = {
    folders: await classFolders(),
    classes: await samples('cls', (i) => String(i % 2)),
    json: await samples('json', (i) => JSON.stringify({ label: i % 2, caption: 'x' })),
    extended: await extended(),
    cifar: [
      entry(
        'cifar-10-batches-bin/batches.meta.txt',
        Array.from({ length: 10 }, (_, i) => `class${i}\n`).join(''),
      ),
      entry('cifar-10-batches-bin/data_batch_1.bin', many([0, 1, 2])),
      entry('cifar-10-batches-bin/test_batch.bin', many([3, 4])),
    ],
  };
  const single = Object.entries(tars).map(([name, entries]) => ({
    name,
    files: { 'data.tar': archive(entries) },
    options: { path: 'data.tar' },
  }));
  const shards = {
    name: 'shards',
    files: {
      'shards/train-0.tar': archive(tars.classes),
      'shards/train-1.tar': archive(await samples('cls', (i) => String(i % 3))),
    },
    options: { path: 'shards' },
  };
  return [...single, shards];
}

/** Where the headers of an archive are, as far as they can be followed. */
function headersOf(bytes) {
  const found = [];
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const size = Number.parseInt(bytes.toString('latin1', at + 124, at + 135), 8);
    if (bytes[at] === 0 || !(size >= 0)) break;
    found.push(at);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return found;
}

const FIELDS = [
  (random, block) => block.write(random.pick('0123456789SDKLMNVXxg7A\0 '.split('')), 156, 'latin1'),
  (random, block) => block.write(`${random.pick(NUMBERS).toString(8).padStart(11, '0').slice(-11)}\0`, 124),
  (random, block) =>
    block.write(
      random.pick(['-1', '99999999999', '        ', '+5', '0x10', '7'.repeat(12)]).padEnd(12, '\0'),
      124,
    ),
  (random, block) => {
    block.fill(0, 124, 136);
    block[124] = random.pick([0x80, 0xff, 0x81]);
    random.bytes(4).copy(block, random.pick([125, 128, 132]));
  },
  (random, block) =>
    block.write(
      random
        .pick([
          '../up.png',
          '/abs.png',
          'C:\\x.png',
          './././x.png',
          'a//b.png',
          '',
          '.',
          '..',
          'cat',
          'cat/1.png',
          'é/ü.png',
          'a\tb/c\n.png',
          '000.png',
          '000.cls',
          'train/cat/1.png',
          'x.',
          '.hidden/x.png',
        ])
        .padEnd(100, '\0'),
      0,
    ),
  (random, block) => random.bytes(1 + random.below(60)).copy(block, 0),
  (random, block) => block.fill(random.below(256), 0, 100),
  (random, block) =>
    block.write(
      random.pick(['ustar\u000000', 'ustar  \0', '\0\0\0\0\0\0\0\0', 'ustar\u0000 0']),
      257,
      'latin1',
    ),
  (random, block) => random.bytes(1 + random.below(150)).copy(block, 345),
  (random, block) =>
    block.write(
      random.pick(['cat/1.png', 'dog/link.png', '../x', 'cat', '000.png', '']).padEnd(100, '\0'),
      157,
    ),
  (random, block) => (block[482] = random.below(2)),
];

function otherHeader(random, bytes) {
  const places = headersOf(bytes);
  if (places.length === 0) return changeBytes(random, bytes);
  const copy = Buffer.from(bytes);
  for (let left = 1 + random.below(2); left > 0; left--) {
    const at = random.pick(places);
    const block = copy.subarray(at, at + BLOCK);
    random.pick(FIELDS)(random, block);
    if (!random.oneIn(12)) seal(block);
  }
  return copy;
}

/** Entries of two archives in another order. */
function otherOrder(random, bytes, other) {
  const all = [bytes, other].flatMap((one) => {
    const places = headersOf(one);
    return places.map((at, i) =>
      one.subarray(
        at,
        places[i + 1] ??
          at +
            BLOCK +
            Math.ceil(Number.parseInt(one.toString('latin1', at + 124, at + 135), 8) / BLOCK) * BLOCK,
      ),
    );
  });
  if (all.length === 0) return changeBytes(random, bytes, other);
  return archive(Array.from({ length: 1 + random.below(12) }, () => random.pick(all)));
}

/** An extended header of a strange record before an entry. */
function strangePax(random, bytes) {
  const places = headersOf(bytes);
  const at = places.length > 0 ? random.pick(places) : 0;
  const key = random.pick([
    'path',
    'linkpath',
    'size',
    'GNU.sparse.name',
    'GNU.sparse.size',
    'GNU.sparse.map',
    'hdrcharset',
    'x'.repeat(40),
    '',
  ]);
  const value = random.pick([
    '',
    '0',
    '-1',
    '1e3',
    '99999999999999999999',
    '512',
    '100',
    'NaN',
    '../../x.png',
    'cat/1.png',
    'a'.repeat(500),
    '\u00e9',
    'a\0b',
    '\n',
    '=',
  ]);
  const text = record(key, value, random.oneIn(4) ? random.pick([0, 1, 5, 9, 1e9, -3, 'x', '']) : undefined);
  return Buffer.concat([
    bytes.subarray(0, at),
    entry('PaxHeader', text, random.pick(['x', 'x', 'g', 'X', 'L', 'K'])),
    bytes.subarray(at),
  ]);
}

function change(random, seed, all) {
  const files = { ...seed.files };
  const path = random.pick(Object.keys(files));
  const other = random.pick(Object.values(random.pick(all).files));
  for (let left = 1 + random.below(2); left > 0; left--) {
    const form = random.pick([changeBytes, otherHeader, otherHeader, otherHeader, otherOrder, strangePax]);
    files[path] = form(random, files[path], other);
  }
  return { files, options: { ...seed.options, mix: random.oneIn(6) } };
}

const run = (folder, { path, mix, ...options }) =>
  readData({ ...options, path: join(folder, path) }, { mix });

export const tar = { seeds, change, run };
