/** Labels in all their forms: label files of WebDataset's samples, lists of classes, labels.jsonl of an augmentation. */
import { join } from 'node:path';
import { changeBytes } from '../lib/bytes.mjs';
import { readData } from '../lib/data.mjs';
import { changeJson, toText } from '../lib/json.mjs';
import { small } from '../lib/pictures.mjs';
import { archive, entry } from '../lib/tar.mjs';

const json = (value) => Buffer.from(toText(value));
const lines = (values) => Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));

/** Samples of a WebDataset; `labels` by their ending, one for each sample. */
function samples(name, labels, options = {}) {
  return { name, labels, images: 4, options: { path: 'data.tar', ...options } };
}

async function seeds() {
  const pairs = [0, 1, 2, 3].map((i) => ({ file: `x${i}.png`, label: ['cat', 'dog'][i % 2] }));
  const images = {};
  for (const i of [0, 1, 2, 3]) images[`x${i}.png`] = await small(i);
  const flat = (name, file, text) => ({
    name,
    files: {
      [file]: text,
      ...Object.fromEntries(Object.entries(images).map(([path, bytes]) => [`data/${path}`, bytes])),
    },
    options: { path: 'data', classList: file },
    list: file,
  });
  const augmented = {
    name: 'labels.jsonl',
    files: {
      'data/labels.jsonl': lines(
        [0, 1, 2, 3].map((i) => ({
          file: `images/x${i}.png`,
          label: i % 2 ? [0, 1] : [0.75, 0.25],
          method: 'cutmix',
        })),
      ),
      'data/run.json': json({ tool: 'saliencymix', settings: { classes: ['cat', 'dog'] } }),
      ...Object.fromEntries(Object.entries(images).map(([path, bytes]) => [`data/images/${path}`, bytes])),
    },
    options: { path: 'data' },
    list: 'data/labels.jsonl',
  };
  const made = [
    samples('cls', { cls: ['0', '1', '1', '0'] }),
    samples('json', { json: [{ label: 0 }, { label: 1 }, { label: 2 }, { label: 0, caption: 'a cat' }] }),
    samples('json names', {
      json: [{ class_name: 'cat' }, { class_name: 'dog' }, { class_name: 'cat' }, { class_name: 'dog' }],
    }),
    samples('json weights', {
      json: [{ label: [1, 0] }, { label: [0.5, 0.5] }, { label: [0, 1] }, { label: [0.25, 0.75] }],
    }),
    samples('both', {
      cls: ['0', '1', '1', '0'],
      json: [{ label_name: 'a' }, { label_name: 'b' }, { label_name: 'b' }, { label_name: 'a' }],
    }),
    samples('txt', { txt: ['cat', 'dog', 'cat', 'dog\r\n'] }),
  ];
  for (const seed of made) seed.files = await tarOf(seed.labels);
  return [
    ...made,
    flat(
      'csv',
      'list.csv',
      Buffer.from(`file,label\n${pairs.map(({ file, label }) => `${file},${label}`).join('\n')}\n`),
    ),
    flat('jsonl', 'list.jsonl', lines(pairs)),
    augmented,
  ];
}

const asBytes = (label) =>
  typeof label === 'string' || Buffer.isBuffer(label) ? Buffer.from(label) : json(label ?? null);

async function tarOf(labels) {
  const entries = [];
  for (let i = 0; i < 4; i++) {
    entries.push(entry(`s${i}.png`, await small(i)));
    for (const [ending, list] of Object.entries(labels))
      if (list[i] !== undefined) entries.push(entry(`s${i}.${ending}`, asBytes(list[i])));
  }
  return { 'data.tar': archive(entries) };
}

const WORDS = [
  '-1',
  '1.0',
  '1e3',
  ' 2 ',
  '\ufeff0',
  '0\n1',
  '',
  '\0',
  'cat',
  'Cat',
  '999999999999',
  '1048576',
  '1048575',
  'nan',
  'inf',
  '0x1',
  '٣',
  '"0"',
  '[0,1]',
  '[1]',
  '[]',
  '{}',
  '{"label":',
  'a\tb',
  '\u001b[2J',
  'x'.repeat(101),
  '1 2 3 4 5',
  '+3',
  '.5',
  '__proto__',
  'constructor',
];

function otherLabel(random, label) {
  if (typeof label !== 'string')
    return random.oneIn(8) ? changeBytes(random, json(label)) : changeJson(random, label);
  if (random.oneIn(4)) return changeBytes(random, Buffer.from(label));
  if (random.oneIn(6)) return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(label, 'utf16le')]);
  return random.pick(WORDS);
}

/** Some lines of a list of JSON changed. */
function otherLines(random, bytes) {
  const texts = bytes.toString().split('\n');
  return Buffer.from(
    texts
      .map((text) => (text === '' || random.oneIn(2) ? text : toText(changeJson(random, JSON.parse(text)))))
      .join(random.pick(['\n', '\r\n'])),
  );
}

async function change(random, seed) {
  const options = { ...seed.options, mix: random.oneIn(5) };
  if (random.oneIn(8)) options.classesFrom = random.pick(['folder', 'name']);
  if (random.oneIn(8)) options.classPattern = random.pick(['^(.)', '(\\d)', '(x*)*y', '()']);
  if (seed.list) {
    const files = { ...seed.files };
    const isLines = seed.list.endsWith('.jsonl') && !random.oneIn(3);
    files[seed.list] = isLines ? otherLines(random, files[seed.list]) : changeBytes(random, files[seed.list]);
    return { files, options };
  }
  const labels = Object.fromEntries(
    Object.entries(seed.labels).map(([ending, list]) => [
      ending,
      list.map((label) => (random.oneIn(3) ? otherLabel(random, label) : label)),
    ]),
  );
  if (random.oneIn(6))
    labels[random.pick(['cls', 'txt', 'json', 'index'])] = Array.from({ length: 4 }, () =>
      random.pick(WORDS),
    );
  return { files: await tarOf(labels), options };
}

function run(folder, { path, mix, classList, ...options }) {
  const list = classList === undefined ? {} : { classList: join(folder, classList) };
  return readData({ ...options, ...list, path: join(folder, path) }, { mix });
}

export const labels = { seeds, change, run };
