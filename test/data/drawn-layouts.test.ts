/**
 * Data sets with drawn layouts, whose truth is known: every image is an item of the right split and class, or a named
 * problem, or counted by its ending; what cannot be told is an error. As folders, as archives and as shards.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Dataset, openDataset } from '../../src/data/dataset';
import type { OpenOptions } from '../../src/data/datasets/format';
import { failure, put, tarOf, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();

/** Numbers from 0 to below `count`, the same for a seed. */
function drawer(seed: number) {
  let state = (Math.imul(seed + 1, 2654435761) ^ 0x51ed270b) >>> 0;
  return (count: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
}

type Draw = ReturnType<typeof drawer>;
const pick = <T>(draw: Draw, from: readonly T[]): T => from[draw(from.length)];
const some = <T>(draw: Draw, from: readonly T[], least: number): T[] => {
  const shuffled = from.map((one) => [draw(1 << 20), one] as const).toSorted(([a], [b]) => a - b);
  return shuffled.slice(0, least + draw(from.length - least + 1)).map(([, one]) => one);
};

const FORMS = ['folder', 'tar', 'shards'] as const;
type Form = (typeof FORMS)[number];

const CLASSES = ['bus', 'car', 'cat', 'great white shark', 'n01440764', 'zebra'];
const ENDINGS = ['jpg', 'JPEG', 'png', 'webp', 'tif', 'avif'];
const UNDECODED = ['bmp', 'PPM', 'jp2', 'heic'];
const SPLITS = {
  train: ['train', 'Train', 'TRAIN'],
  val: ['val', 'valid', 'Validation'],
  test: ['test', 'Test'],
} as const;
type Split = keyof typeof SPLITS;

interface Truth {
  files: Map<string, string>;
  /** By split ('' for none): the class of each item. */
  items: Map<string, Map<string, string>>;
  /** Images that are named, by themselves or with their folder, and the split that names them ('' for all). */
  problems: Map<string, string>;
  /** How often each kind of other file is counted. */
  leftOut: Map<string, number>;
  options: Partial<OpenOptions>;
  /** What the error says, from openDataset or from what needs classes. */
  error?: RegExp;
  doubt?: RegExp;
}

const emptyTruth = (): Truth => ({
  files: new Map(),
  items: new Map(),
  problems: new Map(),
  leftOut: new Map(),
  options: {},
});

function addItem({ files, items }: Truth, split: string, file: string, name: string) {
  files.set(file, file);
  const own = items.get(split) ?? new Map<string, string>();
  items.set(split, own.set(file, name));
}

function addProblem({ files, problems }: Truth, file: string, split = '') {
  files.set(file, file);
  problems.set(file, split);
}

/** Folders above everything, '' for none. */
const drawTop = (draw: Draw) => pick(draw, ['', '', 'pets/', 'pets-1.0/', 'data/images/', 'a/b/c/']);

/** Files that are no images, and hidden ones, in some of the folders. */
function addJunk(draw: Draw, { files, leftOut }: Truth, folders: readonly string[]) {
  const junk: [name: string, counted: string][] = [
    ['README.md', '.md'],
    ['notes.TXT', '.txt'],
    ['LICENSE', '(no ending)'],
    ['sub/labels.csv', '.csv'],
    ['paper.pdf', '.pdf'],
    ['.DS_Store', '.DS_Store'],
    ['._1.jpg', '._*'],
    ['.cache/1.png', '.cache/*.png'],
    ['.cache/index', '.cache/'],
    ['__MACOSX/1.jpg', '__MACOSX/*.jpg'],
  ];
  for (let i = draw(8); i > 0; i--) {
    const [name, counted] = pick(draw, junk);
    const file = pick(draw, folders) + name;
    if (files.has(file)) continue;
    files.set(file, 'junk');
    leftOut.set(counted, (leftOut.get(counted) ?? 0) + 1);
  }
}

/** Class folders below `top`; gives the folders. */
function addClasses(draw: Draw, truth: Truth, top: string, split: string, names: readonly string[]) {
  const folders = [top];
  for (const name of names) {
    const deeper = pick(draw, ['', '', '', 'session 1/', 'x/y/']);
    folders.push(`${top}${name}/`);
    for (let i = 1 + draw(4); i > 0; i--)
      addItem(truth, split, `${top}${name}/${deeper}${i}.${pick(draw, ENDINGS)}`, name);
    if (draw(4) === 0) addProblem(truth, `${top}${name}/odd.${pick(draw, UNDECODED)}`, split);
  }
  return folders;
}

const twoOrMore = (draw: Draw) => some(draw, CLASSES, 2);

/** Class folders, with images beside them. */
function classFolders(draw: Draw, truth: Truth) {
  const top = drawTop(draw);
  const names = twoOrMore(draw);
  const folders = addClasses(draw, truth, top, '', names);
  if (draw(3) === 0) addProblem(truth, `${top}stray.png`);
  if (draw(3) === 0) addProblem(truth, 'logo.gif');
  addJunk(draw, truth, [...folders, '']);
}

/** A class that is called like a split. */
function classCalledTrain(draw: Draw, truth: Truth) {
  const top = drawTop(draw);
  const called = pick(draw, ['train', 'Train']);
  const folders = addClasses(draw, truth, top, '', twoOrMore(draw));
  for (let i = 1 + draw(3); i > 0; i--) addItem(truth, '', `${top}${called}/${i}.jpg`, called);
  addJunk(draw, truth, folders);
}

/** Splits of class folders, with other folders and images beside them. */
function splitFolders(draw: Draw, truth: Truth) {
  const top = drawTop(draw);
  const below = pick(draw, ['', '', '', 'images/']);
  const names = twoOrMore(draw);
  const splits: Split[] = pick(draw, [
    ['train'],
    ['train', 'val'],
    ['train', 'test'],
    ['train', 'val', 'test'],
  ]);
  const folders = [top];
  for (const split of splits) {
    const folder = `${top}${pick(draw, SPLITS[split])}/${below}`;
    folders.push(...addClasses(draw, truth, folder, split, names));
  }
  if (splits.length > 1) {
    for (const other of some(draw, ['docs', 'thumbs', 'test_old'], 0))
      for (let i = draw(3); i >= 0; i--) addProblem(truth, `${top}${other}/x/${i}.png`);
  }
  if (draw(3) === 0) addProblem(truth, `${top}preview.png`);
  addJunk(draw, truth, folders);
}

/** One split beside folders of images: neither splits nor classes for certain, unless the user says which. */
function uncertainSplits(draw: Draw, truth: Truth) {
  const top = drawTop(draw);
  const names = twoOrMore(draw);
  const others = some(draw, ['docs', 'bird', 'cow'], 1);
  const way = pick(draw, ['none', 'split', 'folder'] as const);
  if (way === 'folder') {
    truth.options = { classesFrom: 'folder' };
    for (const name of names) addItem(truth, '', `${top}train/${name}/1.jpg`, 'train');
    for (const other of others) addItem(truth, '', `${top}${other}/1.jpg`, other);
  } else {
    addClasses(draw, truth, `${top}train/`, 'train', names);
    for (const other of others) addProblem(truth, `${top}${other}/1.jpg`);
    if (way === 'none')
      truth.error = /has "train" with the name of a split, and beside it .*--split.*--classes-from folder/;
  }
  addJunk(draw, truth, [top]);
}

/** In one folder, or none, with names that tell the class, by themselves or as the user says. */
function flatByName(draw: Draw, truth: Truth) {
  const way = pick(draw, ['itself', 'name', 'pattern'] as const);
  const top = way === 'itself' ? '' : drawTop(draw);
  const stem = way === 'pattern' ? 'IMG_' : '';
  if (way === 'name') truth.options = { classesFrom: 'name' };
  if (way === 'pattern') truth.options = { classPattern: '^IMG_([^_]+)_' };
  for (const name of twoOrMore(draw))
    for (let i = 2 + draw(3); i > 0; i--)
      addItem(truth, '', `${top}${stem}${name}_${i}.${pick(draw, ENDINGS)}`, name);
  if (way === 'pattern' && draw(2) === 0) addProblem(truth, `${top}other.png`);
  addJunk(draw, truth, [top]);
}

/** Names that tell no classes: in doubt, unless there is a list. */
function flatWithoutClasses(draw: Draw, truth: Truth) {
  const way = pick(draw, ['one', 'each', 'folder', 'list'] as const);
  const top = way === 'folder' ? 'photos/' : way === 'list' ? drawTop(draw) : '';
  const count = 8 + draw(8);
  const lines = ['file,label'];
  for (let i = 0; i < count; i++) {
    const file = `${top}${way === 'one' ? 'IMG_' : ''}${1000 + i}.${pick(draw, ENDINGS)}`;
    const name = way === 'one' ? 'IMG' : way === 'folder' ? 'photos' : `${1000 + i}`;
    const listed = CLASSES[i % 3];
    addItem(truth, '', file, way === 'list' ? listed : name);
    const written = pick(draw, [file, path.posix.basename(file), file.replace(/\.[^.]+$/, '')]);
    lines.push(pick(draw, [`${written},${listed}`, `"${written}",${listed}`]));
  }
  addJunk(draw, truth, [top]);
  if (way === 'list') {
    const name = `list-${draw(1 << 20)}.csv`;
    truth.options = { classList: put(temporary, name, lines.join(pick(draw, ['\n', '\r\n']))) };
  } else {
    truth.doubt = {
      one: /give 1 class for \d+ images \("IMG_1000\.\w+", .*--class-pattern REGEX.*--class-list FILE/,
      each: new RegExp(`give ${count} classes for ${count} images \\(`),
      folder: /has one folder of images, "photos", so all would be of one class .*--classes-from folder/,
    }[way];
  }
}

/** A class without an image that is decoded. */
function emptyClass(draw: Draw, truth: Truth) {
  const top = drawTop(draw);
  const folders = addClasses(draw, truth, top, '', ['ant', 'dog', 'fox']);
  const [, name] = folders;
  for (const file of truth.files.keys()) {
    if (!file.startsWith(name)) continue;
    truth.files.delete(file);
    truth.items.get('')?.delete(file);
    truth.problems.delete(file);
  }
  for (let i = 1 + draw(3); i > 0; i--) addProblem(truth, `${name}${i}.${pick(draw, UNDECODED)}`);
  if (draw(2) === 0) truth.options = { allowEmptyClasses: true };
  else truth.error = /the class "ant" is empty .*--allow-empty-classes/;
}

/** Labels beside the images are better evidence than names. */
function labelFiles(draw: Draw, truth: Truth) {
  const top = drawTop(draw);
  const names = twoOrMore(draw);
  for (let i = 0; i < 8 + draw(6); i++) {
    const key = `${top}${String(i).padStart(4, '0')}`;
    const name = names[i % names.length];
    addItem(truth, '', `${key}.${pick(draw, ENDINGS)}`, name);
    if (draw(2) === 0) truth.files.set(`${key}.cls`, `${name}\n`);
    else truth.files.set(`${key}.json`, JSON.stringify({ label: name }));
  }
  if (draw(2) === 0) addProblem(truth, `${top}none.png`);
  addJunk(draw, truth, [top]);
}

/** Folders that nobody could tell from classes. */
function inDoubt(draw: Draw, truth: Truth) {
  const top = drawTop(draw);
  if (draw(2) === 0) {
    for (const name of twoOrMore(draw))
      for (const split of ['train', 'Test']) addItem(truth, '', `${top}${name}/${split}/1.jpg`, name);
    truth.doubt = /has splits inside its class folders .*--classes-from folder/;
  } else {
    for (const name of twoOrMore(draw)) addItem(truth, '', `${top}images/${name}/1.jpg`, 'images');
    addItem(truth, '', `${top}docs/logo.png`, 'docs');
    truth.doubt = /folders of images in "images" .*, but only images in "docs".*--classes-from folder/;
  }
  if (draw(2) === 0) {
    truth.doubt = undefined;
    truth.options = { classesFrom: 'folder' };
  }
}

const LAYOUTS = {
  classFolders,
  classCalledTrain,
  splitFolders,
  uncertainSplits,
  flatByName,
  flatWithoutClasses,
  emptyClass,
  labelFiles,
  inDoubt,
};

/** Writes the files; gives the path, and the id of each file. */
async function write(draw: Draw, { files, leftOut }: Truth, form: Form, name: string) {
  const root = path.join(temporary, name);
  if (form === 'folder') {
    mkdirSync(root);
    for (const [file, content] of files) put(root, file, content);
    return { root, idOf: (file: string) => file };
  }
  const shardOf = (file: string) =>
    form === 'tar' ? 0 : file.slice(file.lastIndexOf('/') + 1).charCodeAt(3) % 2;
  const dot = pick(draw, ['', './']);
  const archives: string[] = [];
  for (const shard of form === 'tar' ? [0] : [0, 1]) {
    const own = [...files].filter(([file]) => shardOf(file) === shard);
    const entries = own.map(([file, content]) => ({ name: dot + file, content }));
    const archive = form === 'tar' ? `${name}.tar` : `${name}/s-000${shard}.tar`;
    archives.push(put(temporary, archive, await tarOf(entries)));
  }
  if (form === 'tar') return { root: archives[0], idOf: (file: string) => file };
  put(root, 'README.md', 'about');
  leftOut.set('.md', (leftOut.get('.md') ?? 0) + 1);
  return { root, idOf: (file: string) => `s-000${shardOf(file)}.tar/${file}` };
}

/** Each image is named once, by itself or with its folder; nothing else is named. */
function expectProblems(dataset: Dataset, images: readonly string[]) {
  const named = dataset.problems.map(({ file }) => file);
  const covers = (file: string, id: string) => id === file || id.startsWith(`${file}/`);
  expect(images.map((id) => [id, named.filter((file) => covers(file, id)).length])).toEqual(
    images.map((id) => [id, 1]),
  );
  expect(named.filter((file) => !images.some((id) => covers(file, id)))).toEqual([]);
}

async function expectSplit(dataset: Dataset, truth: Truth, split: string, idOf: (file: string) => string) {
  const own = truth.items.get(split) ?? new Map<string, string>();
  const found = Object.fromEntries(dataset.items.map(({ id, label }) => [id, dataset.classes[label]]));
  expect(dataset.leftOut).toEqual(Object.fromEntries(truth.leftOut));
  expect(found).toEqual(Object.fromEntries([...own].map(([file, name]) => [idOf(file), name])));
  const [file] = own.keys();
  const index = dataset.items.findIndex(({ id }) => id === idOf(file));
  expect(Buffer.from((await dataset.source.read(index)) as Uint8Array).toString()).toBe(file);
}

async function expectTruth(root: string, truth: Truth, idOf: (file: string) => string) {
  const { options, error, doubt, items } = truth;
  if (error) {
    expect((await failure(openDataset({ path: root, ...options }))).message).toMatch(error);
    return;
  }
  const splits = [...items.keys()];
  for (const split of splits) {
    const dataset = await openDataset({ path: root, ...options, ...(split !== '' && { split }) });
    try {
      await expectSplit(dataset, truth, split, idOf);
      const problems = [...truth.problems].filter(([, own]) => own === '' || own === split);
      expectProblems(
        dataset,
        problems.map(([file]) => idOf(file)),
      );
      if (doubt) expect(dataset.doubt).toMatch(doubt);
      else expect(dataset.doubt).toBeUndefined();
      expect((dataset.splits ?? []).map(({ name }) => name).length).toBe(split === '' ? 0 : splits.length);
    } finally {
      await dataset.close();
    }
  }
}

describe.each(FORMS)('%s', (form) => {
  test.each(Object.entries(LAYOUTS))('%s', async (name, layout) => {
    for (let seed = 0; seed < 20; seed++) {
      const draw = drawer(seed + 1000 * name.length + 100 * form.length);
      const truth = emptyTruth();
      layout(draw, truth);
      const { root, idOf } = await write(draw, truth, form, `${form}-${name}-${seed}`);
      try {
        await expectTruth(root, truth, idOf);
      } catch (error) {
        const files = [...truth.files.keys()].toSorted().join('\n');
        throw new Error(`seed ${seed}: ${String(error)}\n${files}`, { cause: error });
      }
    }
  });
});

test('splits of samples with labels: by folder, and by the names of shards', async () => {
  const sample = (name: string, label: string) => [
    { name: `${name}.jpg` },
    { name: `${name}.cls`, content: label },
  ];
  const one = [
    ...sample('pets/train/1', 'cat'),
    ...sample('pets/train/2', 'dog'),
    ...sample('pets/val/1', 'dog'),
  ];
  const whole = put(temporary, 'labelled.tar', await tarOf(one));
  const train = [...sample('1', 'cat'), ...sample('2', 'dog')];
  put(temporary, 'named-shards/pets-train-000.tar', await tarOf(train));
  put(temporary, 'named-shards/pets-val-000.tar', await tarOf(sample('1', 'dog')));
  for (const root of [whole, path.join(temporary, 'named-shards')]) {
    for (const [split, labels] of [
      ['train', ['cat', 'dog']],
      ['val', ['dog']],
    ] as const) {
      const dataset = await openDataset({ path: root, split });
      expect(dataset.items.map(({ label }) => dataset.classes[label])).toEqual(labels);
      expect([dataset.classes, dataset.problems]).toEqual([['cat', 'dog'], []]);
      expect(dataset.splits?.map(({ images }) => images)).toEqual([2, 1]);
      await dataset.close();
    }
    expect((await failure(openDataset({ path: root, split: 'test' }))).message).toMatch(
      /no split "test"; there are:/,
    );
  }
});
