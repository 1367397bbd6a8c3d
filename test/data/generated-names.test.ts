/**
 * Data sets with drawn names, in folders, archives and shards. What has to come out is known from how a name was put
 * together: every image is an item with its own bytes and the right class, or is named as refused.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { folder } from '../../src/data/datasets/folder';
import { bytesOfId } from '../../src/data/datasets/names';
import { tar } from '../../src/data/datasets/tar';
import type { DatasetSource } from '../../src/data/source';
import { put, temporaryFolder } from './fixtures';
import { rawTar, type RawEntry } from './raw-tar';

const temporary = temporaryFolder();

/** Numbers from 0 to below `count`, the same for a seed. */
function drawer(seed: number) {
  let state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0;
  return (count: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
}

type Draw = ReturnType<typeof drawer>;
const pick = <T>(draw: Draw, from: readonly T[]): T => from[draw(from.length)];
const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** What names are made of, as bytes: text of several encodings, and what reads like something else. */
const PIECES: readonly Buffer[] = (
  'a|B|7| |-|--help|_|\\|\\xE9|\\x5C|\\\\|\n|\t|\u007f|%2F|..|~|$(x)|*|:|"|\'|' +
  `é|e\u0301|ü|u\u0308|\u212b|한|${'한'.normalize('NFD')}|写真|\u{1f600}|\ufffd|\ufeff|\u202e`
)
  .split('|')
  .map((text) => Buffer.from(text));
const BYTES: readonly Buffer[] = [
  '\xe9',
  '\xe8',
  '\xe0',
  '\xfc',
  '\xff',
  '\xc3',
  '\xa9',
  '\x83e\x83X\x83g',
  '\x95\x5c',
  '\xe2\x82',
  '\xc0\xaf',
  '\xed\xa0\x80',
].map(latin1);

/** Classes, each spelled in all the ways that mean the same. */
const CLASSES: readonly (readonly Buffer[])[] = [
  ['café', 'cafe\u0301'],
  ['Ångström', 'A\u030angstro\u0308m', '\u212bngström'],
  ['각', '각'.normalize('NFD')],
  ['dog'],
  ['Dog'],
  ['-rf'],
  ['new\nline'],
  ['a\\xE9'],
  ['caf\\xE9'],
  ['n'.repeat(120)],
  ['写真'],
]
  .map((spellings) => spellings.map((text) => Buffer.from(text)))
  .concat([[latin1('caf\xe9')], [latin1('caf\xe8')], [latin1('\x8e\xca\x90^')]]);

interface Image {
  /** Its path, the class folder first. */
  bytes: Buffer;
  class: number;
  content: string;
}

function fileName(draw: Draw): Buffer {
  const count = 1 + draw(4);
  const pieces = Array.from({ length: count }, () => pick(draw, draw(3) === 0 ? BYTES : PIECES));
  const long = draw(6) === 0 ? [Buffer.from('l'.repeat(60 + draw(120)))] : [];
  const name = Buffer.concat([
    ...pieces,
    ...long,
    Buffer.from(pick(draw, ['.png', '.JPG', '.webp', '.v2.jpeg'])),
  ]);
  // Hidden files are not part of a data set.
  return name[0] === 0x2e ? Buffer.concat([Buffer.from('x'), name]) : name;
}

/** Images of some classes, no two of one path. */
function drawImages(draw: Draw): Image[] {
  const classes = Array.from({ length: CLASSES.length }, (_, i) => i)
    .toSorted(() => draw(3) - 1)
    .slice(0, 2 + draw(4));
  const images = new Map<string, Image>();
  const add = (own: number) => {
    const parts = [pick(draw, CLASSES[own]), ...(draw(4) === 0 ? [Buffer.from('deep')] : []), fileName(draw)];
    const bytes = Buffer.concat(parts.flatMap((part, i) => (i > 0 ? [Buffer.from('/'), part] : [part])));
    images.set(bytes.toString('latin1'), { bytes, class: own, content: `${images.size} ${draw(1e9)}` });
  };
  for (const own of classes) add(own);
  for (let i = draw(20); i > 0; i--) add(pick(draw, classes));
  return [...images.values()];
}

/** Each item is one of the images, each image one item, and classes are equal where they were drawn equal. */
async function expectAll(source: DatasetSource, images: readonly Image[], pathOf: (id: string) => string) {
  const byPath = new Map(images.map((image) => [image.bytes.toString('latin1'), image]));
  const classOf = new Map<number, number>();
  for (const [i, { id, label }] of source.items.entries()) {
    const key = bytesOfId(pathOf(id)).toString('latin1');
    const image = byPath.get(key);
    if (!image) throw new Error(`"${id}" is an item, but no image has that path`);
    byPath.delete(key);
    expect(Buffer.from((await source.read(i)) as Uint8Array).toString()).toBe(image.content);
    expect(label).toBe(classOf.get(image.class) ?? label);
    classOf.set(image.class, label);
    expect(source.classes[label]).toBe(source.classes[label].normalize('NFC'));
  }
  expect([...byPath.keys()]).toEqual([]);
  expect(new Set(classOf.values()).size).toBe(classOf.size);
  expect(source.classes).toHaveLength(classOf.size);
  expect(new Set(source.items.map(({ id }) => id)).size).toBe(images.length);
}

/** A notice where, and only where, a class was spelled in several ways. */
function expectNotice(source: DatasetSource, images: readonly Image[]) {
  const spellings = new Map<number, Set<string>>();
  for (const image of images) {
    const own = spellings.get(image.class) ?? new Set();
    spellings.set(image.class, own.add(image.bytes.subarray(0, image.bytes.indexOf('/')).toString('latin1')));
  }
  const isSeveral = [...spellings.values()].some((own) => own.size > 1);
  expect(source.notices ?? []).toHaveLength(isSeveral ? 1 : 0);
}

/** The same path as an archive may have it. */
function written(draw: Draw, { bytes, content }: Image): RawEntry {
  const [slash] = Buffer.from('/');
  const name = draw(4) === 0 ? Buffer.concat([Buffer.from('./'), bytes]) : bytes;
  const cut = name.indexOf(slash);
  const doubled = Buffer.concat([
    name.subarray(0, cut),
    Buffer.from(pick(draw, ['//', '/./'])),
    name.subarray(cut + 1),
  ]);
  const chosen = draw(6) === 0 ? doubled : name;
  const as =
    chosen.length > 100
      ? pick(draw, ['gnu', 'pax'] as const)
      : pick(draw, ['plain', 'plain', 'gnu', 'pax'] as const);
  return { name: chosen, content, as };
}

/** Members that must not be read: the image's path with something before it that leads out. */
function unsafe(draw: Draw, { bytes }: Image): Buffer {
  const before = pick(draw, [
    '../',
    '/',
    '../../',
    'x/../../',
    '//',
    'x/../',
    'C:\\',
    'C:/',
    './../',
    '..\\',
  ]);
  return Buffer.concat([Buffer.from(before), bytes]);
}

/** An archive of these images, between them others that are refused; gives the refused paths. */
function archive(draw: Draw, images: readonly Image[], file: string): string[] {
  const refused = images.filter(() => draw(8) === 0).map((image) => unsafe(draw, image));
  const entries = images.map((image) => written(draw, image));
  for (const name of refused) {
    const as = name.length > 100 ? 'gnu' : pick(draw, ['plain', 'gnu', 'pax'] as const);
    entries.splice(draw(entries.length + 1), 0, { name, content: 'refused', as });
  }
  const tail = pick(draw, ['', 'text after the end', '\n'.repeat(900)]);
  put(temporary, file, Buffer.concat([rawTar(entries), Buffer.from(tail)]));
  return [...new Set(refused.map((name) => name.toString('latin1')))];
}

const refusedOf = ({ problems }: DatasetSource, pathOf: (id: string) => string) =>
  problems.map(({ file, reason }) => {
    expect(reason).toMatch(/^is unsafe: its name (is absolute|has "\.\.")/);
    return bytesOfId(pathOf(file)).toString('latin1');
  });

const within = (id: string) => id.slice(id.indexOf('/') + 1);
const seeds = Array.from({ length: 20 }, (_, i) => i);

test.each(seeds)('archives, seeds from %i0', async (ten) => {
  for (let seed = ten * 10; seed < ten * 10 + 10; seed++) {
    const draw = drawer(seed);
    const images = drawImages(draw);
    const refused = archive(draw, images, `${seed}.tar`);
    const source = await tar.open({ path: path.join(temporary, `${seed}.tar`) });
    try {
      await expectAll(source, images, (id) => id);
      expectNotice(source, images);
      expect(refusedOf(source, (id) => id).toSorted()).toEqual(refused.toSorted());
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    } finally {
      await source.close();
    }
  }
});

test('shards: the same names in several of them are kept apart', async () => {
  for (let seed = 0; seed < 60; seed++) {
    const draw = drawer(1000 + seed);
    const images = drawImages(draw);
    const root = `shards-${seed}`;
    const refused = [0, 1].flatMap((shard) => archive(draw, images, `${root}/${shard}.tar`));
    const source = await tar.open({ path: path.join(temporary, root) });
    const [first, second] = ['0.tar/', '1.tar/'].map((prefix) =>
      source.items.filter(({ id }) => id.startsWith(prefix)),
    );
    expect([first.length, second.length]).toEqual([images.length, images.length]);
    for (const [shard, items] of [first, second].entries()) {
      const own = { ...source, items, read: (i: number) => source.read(source.items.indexOf(items[i])) };
      expect(items.every(({ id }) => id.startsWith(`${shard}.tar/`))).toBe(true);
      await expectAll(own, images, within);
    }
    expect(refusedOf(source, within).toSorted()).toEqual(refused.toSorted());
    await source.close();
  }
});

if (process.platform === 'linux') {
  test('folders', async () => {
    for (let seed = 0; seed < 100; seed++) {
      const draw = drawer(2000 + seed);
      const images = drawImages(draw);
      const root = path.join(temporary, `folder-${seed}`);
      for (const { bytes, content } of images) {
        const file = Buffer.concat([Buffer.from(`${root}/`), bytes]);
        mkdirSync(file.subarray(0, file.lastIndexOf('/')), { recursive: true });
        writeFileSync(file, content);
      }
      const source = await folder.open({ path: root });
      await expectAll(source, images, (id) => id);
      expectNotice(source, images);
      expect(source.problems).toEqual([]);
    }
  });
}
