/**
 * Data sets of drawn layouts whose truth is known, as folders, archives and shards: every image is accounted for, classes and
 * labels are right, or there is an error.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Dataset, openDataset } from '../../src/data/dataset';
import type { OpenOptions } from '../../src/data/datasets/format';
import { describeDataset } from '../../src/data/describe';
import { failure, put, tarOf, temporaryFolder } from './fixtures';

const work = temporaryFolder();
const CASES = 400;

/** mulberry32: a small generator of numbers in 0 … 1. */
function drawing(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    below,
    chance: (p: number) => next() < p,
    of: <T>(list: readonly T[]): T => list[below(list.length)],
    some: <T>(list: readonly T[], n: number): T[] => {
      const left = [...list];
      return Array.from({ length: n }, () => left.splice(below(left.length), 1)[0]);
    },
  };
}
type Draw = ReturnType<typeof drawing>;

/** What a layout is: its files, and what is right. Paths are those within the archive or folder. */
interface Case {
  files: Set<string>;
  /** The class of each image that must be an item. */
  items: Map<string, string>;
  /** Images that must be a problem, by their own path or a folder's. */
  named: Set<string>;
  /** Images of splits that are not opened. */
  elsewhere: Set<string>;
  /** Where it must be refused: by opening it, or by what needs classes. */
  error?: RegExp;
  doubt?: RegExp;
}

const CLASSES = ['cat', 'dog', 'Zebra', 'été', 'two words', 'n01440764', 'images', 'docs2', '7'];
const ENDINGS = ['png', 'PNG', 'jpg', 'JPEG', 'webp'];
const UNDECODED = ['bmp', 'ppm', 'jp2', 'heic'];

/** Class folders, some with folders inside. Gives the paths of the images by class. */
function drawClasses(
  draw: Draw,
  into: Case,
  within: string,
  classes: readonly string[],
  opened: boolean,
): void {
  for (const name of classes) {
    const count = 1 + draw.below(4);
    for (let i = 0; i < count; i++) {
      const deeper = i > 0 && draw.chance(0.2) ? 'more/' : '';
      add(into, `${within}${name}/${deeper}${i}.${draw.of(ENDINGS)}`, opened ? name : undefined);
    }
    if (draw.chance(0.15)) addNamed(into, `${within}${name}/x.${draw.of(UNDECODED)}`, opened);
    if (draw.chance(0.2)) into.files.add(`${within}${name}/notes.txt`);
  }
}

function add(into: Case, file: string, name: string | undefined): void {
  into.files.add(file);
  if (name === undefined) into.elsewhere.add(file);
  else into.items.set(file, name);
}

function addNamed(into: Case, file: string, opened = true): void {
  into.files.add(file);
  (opened ? into.named : into.elsewhere).add(file);
}

const SPLITS = [
  ['train', 'val'],
  ['Train', 'Test'],
  ['train', 'valid', 'test'],
  ['TRAIN', 'validation'],
  ['training', 'testing'],
];

type Shape = (draw: Draw, into: Case, top: string) => void;

const shapes: Record<string, Shape> = {
  classes(draw, into, top) {
    drawClasses(draw, into, top, draw.some(CLASSES, 2 + draw.below(3)), true);
    if (draw.chance(0.2)) addNamed(into, `${top}stray.png`);
  },
  'a class called train'(draw, into, top) {
    drawClasses(draw, into, top, draw.some(CLASSES, 2), true);
    add(into, `${top}train/1.png`, 'train');
  },
  splits(draw, into, top) {
    const splits = draw.of(SPLITS);
    const classes = draw.some(CLASSES, 2 + draw.below(3));
    const inner = draw.chance(0.2) ? 'photos/' : '';
    for (const [i, split] of splits.entries())
      drawClasses(draw, into, `${top}${split}/${inner}`, classes, i === 0);
    if (draw.chance(0.4)) addNamed(into, `${top}docs/logo.png`);
    if (draw.chance(0.4)) addNamed(into, `${top}thumbs/a/1.png`);
    if (draw.chance(0.2)) addNamed(into, `${top}preview.png`);
  },
  'one split beside folders without images'(draw, into, top) {
    drawClasses(draw, into, `${top}train/`, draw.some(CLASSES, 2), true);
    into.files.add(`${top}docs/readme.md`);
  },
  'a split or a class'(draw, into, top) {
    drawClasses(draw, into, `${top}${draw.of(['train', 'val'])}/`, ['cat', 'dog'], true);
    add(into, `${top}bus/1.png`, 'bus');
    into.error = /--split .*--classes-from folder/;
  },
  'test images or a class'(draw, into, top) {
    drawClasses(draw, into, top, ['cat', 'dog'], true);
    add(into, `${top}test/1.png`, 'test');
    into.error = /--split .*--classes-from folder/;
  },
  'a class that is not decoded'(draw, into, top) {
    drawClasses(draw, into, top, ['cat', 'fox'], true);
    addNamed(into, `${top}dog/1.${draw.of(UNDECODED)}`);
    into.error = /class "dog" is empty.*--allow-empty-classes/;
  },
  'flat, with classes in names'(draw, into, top) {
    for (const name of draw.some(['cat', 'dog', 'eel', 'fox'], 2 + draw.below(3)))
      for (let i = 0; i < 3; i++) add(into, `${top}${name}_${i}.png`, name);
  },
  'flat, a class per image'(draw, into, top) {
    const count = 8 + draw.below(5);
    for (let i = 0; i < count; i++) add(into, `${top}${1000 + i}.png`, String(1000 + i));
    into.doubt = /\("100\d\.png", .*--class-pattern REGEX.*--class-list FILE/;
  },
  'flat, one class for all'(draw, into, top) {
    for (let i = 0; i < 2 + draw.below(9); i++) add(into, `${top}IMG_${i}.jpg`, 'IMG');
    into.doubt = /--class-pattern REGEX.*--class-list FILE/;
  },
};

const JUNK = ['README.md', 'LICENSE', 'checksums.sha256', '_info.json', 'data/list.pdf'];

function drawCase(seed: number): { shape: string; container: string; known: Case } {
  const draw = drawing(seed);
  const shape = draw.of(Object.keys(shapes));
  const known: Case = { files: new Set(), items: new Map(), named: new Set(), elsewhere: new Set() };
  const top = draw.of(['', '', 'pets/', 'data-v1.2/', 'a/b/', 'test/pets/']);
  shapes[shape](draw, known, shape.startsWith('splits') || top !== 'test/pets/' ? top : 'a/b/');
  for (const name of JUNK) if (draw.chance(0.3)) known.files.add(name);
  if (draw.chance(0.3)) known.files.add('__MACOSX/cat/._1.png');
  if (draw.chance(0.3)) known.files.add('.cache/1.png');
  if (draw.chance(0.3)) known.files.add(`${top}._1.png`);
  return { shape, container: draw.of(['folder', 'tar', 'shards']), known };
}

/** Writes a case; gives its path, and the id of a path. The files are empty: opening reads none of them. */
async function write(container: string, files: readonly string[], name: string) {
  const place = path.join(work, name);
  if (container === 'folder') {
    for (const file of files) put(place, file, '');
    return { place, idOf: (file: string) => file };
  }
  const tar = (some: readonly string[]) => tarOf(some.map((file) => ({ name: file, content: 'x' })));
  if (container === 'tar') {
    writeFileSync(`${place}.tar`, await tar(files));
    return { place: `${place}.tar`, idOf: (file: string) => file };
  }
  mkdirSync(place);
  const half = (n: number) => files.filter((_, i) => i % 2 === n);
  for (const n of [0, 1]) writeFileSync(path.join(place, `s${n}.tar`), await tar(half(n)));
  for (const beside of ['README.md', '_info.json']) put(place, beside, '');
  return { place, idOf: (file: string) => `s${files.indexOf(file) % 2}.tar/${file}` };
}

function expectedLeftOut(
  { files, items, named, elsewhere }: Case,
  container: string,
): Record<string, number> {
  const counts: Record<string, number> = {};
  const count = (heading: string) => (counts[heading] = (counts[heading] ?? 0) + 1);
  for (const file of files) {
    if (items.has(file) || named.has(file) || elsewhere.has(file)) continue;
    const base = path.basename(file);
    const hidden = /^(\.cache|__MACOSX)\//.exec(file)?.[0];
    if (hidden !== undefined) count(hidden + (base.startsWith('._') ? '' : `*${path.extname(base)}`));
    else count(base.startsWith('._') ? '._*' : path.extname(base) || '(no ending)');
  }
  if (container === 'shards') for (const heading of ['.md', '.json']) count(heading);
  return counts;
}

function expectRight(dataset: Dataset, known: Case, container: string, idOf: (file: string) => string): void {
  const { items, classes, problems, leftOut } = dataset;
  const found = Object.fromEntries(items.map(({ id, label }) => [id, classes[label]]));
  const right = Object.fromEntries([...known.items].map(([file, name]) => [idOf(file), name]));
  if (known.doubt) expect(Object.keys(found).toSorted()).toEqual(Object.keys(right).toSorted());
  else expect(found).toEqual(right);
  // Each image that is no item lies in exactly one problem; the paths of folders are within the archive.
  const covers = (file: string) =>
    problems.filter(
      (problem) =>
        [file, idOf(file)].some((id) => `${id}/`.startsWith(`${problem.file}/`)) ||
        file.includes(`/${problem.file}/`),
    );
  for (const file of known.named) expect([file, covers(file).length]).toEqual([file, 1]);
  for (const file of [...known.items.keys(), ...known.elsewhere])
    expect([file, covers(file).length]).toEqual([file, 0]);
  expect(problems.every(({ reason }) => reason.length > 10)).toBe(true);
  expect(leftOut).toEqual(expectedLeftOut(known, container));
}

test.each(Array.from({ length: CASES }, (_, seed) => seed))('layout %i', async (seed) => {
  const { shape, container, known } = drawCase(seed);
  const files = [...known.files];
  const { place, idOf } = await write(container, files, `case-${seed}`);
  const about = `${shape} as ${container}: ${files.join(' ')}`;
  if (known.error) {
    expect(`${about}: ${(await failure(openDataset(place))).message}`).toMatch(known.error);
    return;
  }
  const dataset = await openDataset(place);
  try {
    if (known.doubt) expect(`${about}: ${dataset.doubt}`).toMatch(known.doubt);
    else expect(`${about}: ${dataset.doubt}`).toBe(`${about}: undefined`);
    expectRight(dataset, known, container, idOf);
  } finally {
    await dataset.close();
  }
});

describe('what is uncertain is decided by an option', () => {
  const classesOf = async (options: OpenOptions) => {
    const dataset = await openDataset(options);
    await dataset.close();
    return dataset.items.map(({ id, label }) => `${id}=${dataset.classes[label]}`);
  };
  const root = (name: string, files: readonly string[]) => {
    for (const file of files) put(path.join(work, name), file, '');
    return path.join(work, name);
  };

  test('splits or classes', async () => {
    const place = root('either', ['train/cat/1.png', 'train/dog/1.png', 'bus/1.png']);
    expect(await classesOf({ path: place, split: 'train' })).toEqual([
      'train/cat/1.png=cat',
      'train/dog/1.png=dog',
    ]);
    expect(await classesOf({ path: place, classesFrom: 'folder' })).toEqual([
      'bus/1.png=bus',
      'train/cat/1.png=train',
      'train/dog/1.png=train',
    ]);
  });

  test('splits below the classes', async () => {
    const place = root('below', ['cat/train/1.png', 'cat/val/2.png', 'dog/train/1.png', 'dog/val/2.png']);
    const { doubt } = await describeDataset(place);
    expect(doubt).toMatch(/splits inside its class folders \("cat\/train", "cat\/val", "dog\/train", …\)/);
    expect(doubt).toMatch(/--classes-from folder/);
    expect((await describeDataset({ path: place, classesFrom: 'folder' })).doubt).toBeUndefined();
    // One name alone, or folders of other names among them, say nothing of splits.
    for (const other of [
      ['cat/train/1.png', 'dog/train/2.png'],
      ['cat/train/1.png', 'dog/test/1.png', 'dog/big/2.png'],
    ]) {
      expect((await describeDataset(root(`below-${other.length}`, other))).doubt).toBeUndefined();
    }
  });

  test('the class in names', async () => {
    const place = root('names', ['1-cat.png', '2-dog.png', '3-cat.png', 'other.png']);
    const dataset = await openDataset({ path: place, classesFrom: 'name', classPattern: '^\\d+-(\\w+)' });
    expect(dataset.classes).toEqual(['cat', 'dog']);
    expect(dataset.items.map(({ label }) => label)).toEqual([0, 1, 0]);
    expect(dataset.problems).toEqual([
      { file: 'other.png', reason: expect.stringMatching(/finds no class; it is left out/) },
    ]);
    const error = await failure(openDataset({ path: place, classPattern: 'no group' }));
    expect(error).toMatchObject({ code: 'ARGUMENT', argument: 'classPattern' });
  });

  test.each([
    ['list.csv', 'file,label\r\n1.png,10\r\n"2.png",9\r\n3.png,10\r\n'],
    ['bare.csv', '1.png,10\n./2.png,9\n3.png,10'],
    [
      'list.jsonl',
      '{"file":"1.png","label":10}\n{"file":"2.png","label":"9"}\n{"file":"3.png","label":10}\n',
    ],
    ['other.csv', '\uFEFFclass;id\n10;1.png\n9;2.png\n10;3.png\n'],
  ])('a list of classes: %s', async (name, text) => {
    const place = root('listed', ['1.png', '2.png', '3.png', '4.png']);
    const dataset = await openDataset({ path: place, classList: put(work, name, text) });
    expect(dataset.classes).toEqual(['9', '10']);
    expect(dataset.items.map(({ label }) => label)).toEqual([1, 0, 1]);
    expect(dataset.problems).toEqual([
      { file: '4.png', reason: 'is not in the list of classes; it is left out' },
    ]);
  });

  test('lines of a list that are of no image are counted and named; those of other splits are of an image', async () => {
    const place = root('more-lines', [
      'train/1.png',
      'train/2.png',
      'train/3.bmp',
      'test/4.png',
      'test/5.png',
    ]);
    const lines = ['1', '2.png', '3', 'train/9.png', '4', '5', 'x/1.png', 'gone', '12.png'];
    const text = lines.map((file, i) => `${file},${i % 2}`).join('\n');
    const classList = put(work, 'more.csv', text);
    const { problems, items } = await openDataset({ path: place, classList, allowEmptyClasses: true });
    expect(items).toHaveLength(2);
    expect(problems).toEqual([
      {
        file: classList,
        reason:
          'names 4 of its 9 files that are not among the images ("train/9.png", "x/1.png", "gone", …): they are missing, or called otherwise',
      },
      { file: 'train/3.bmp', reason: expect.any(String) },
    ]);
  });

  test.each([
    ['1.png\n', /has a line 1 that is not a file and its label/],
    ['1.png,a\n1.png,b\n', /gives "1.png" two labels, "a" and "b" \(line 2\)/],
    ['', /is an empty list of classes/],
    ['{"file":"1.png","label":"\\ud800"}\n', /has a line 1 that is not a file and its label/],
  ])('a list that is none: %j', async (text, message) => {
    const place = root('unlisted', ['1.png']);
    const list = put(work, text.startsWith('{') ? 'wrong.jsonl' : 'wrong.csv', text);
    const error = await failure(openDataset({ path: place, classList: list }));
    expect(error).toMatchObject({ code: 'DATA', message: expect.stringMatching(message) });
  });

  test('classes without an image that is decoded', async () => {
    const place = root('empty', ['cat/1.png', 'dog/1.bmp', 'fox/1.png']);
    expect(await classesOf({ path: place, allowEmptyClasses: true })).toEqual([
      'cat/1.png=cat',
      'fox/1.png=fox',
    ]);
    const about = await describeDataset(place);
    expect(about.classes).toEqual([
      { name: 'cat', images: 1 },
      { name: 'dog', images: 0 },
      { name: 'fox', images: 1 },
    ]);
    expect(about.doubt).toMatch(/no image can be decoded \(dog\).*--allow-empty-classes/);
    expect(about.problems).toEqual([
      { file: 'dog/1.bmp', reason: expect.stringMatching(/is a BMP image/) },
      // Of those that are looked at what cannot be read.
      { file: 'cat/1.png', reason: 'is empty' },
      { file: 'fox/1.png', reason: 'is empty' },
    ]);
  });
});
