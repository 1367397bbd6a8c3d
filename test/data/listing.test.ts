import { isImage, listImages, sortedByBytes } from '../../src/data/datasets/listing';
import { pickSplit } from '../../src/data/layout/splits';
import { SaliencyMixError } from '../../src/errors';

const list = (ids: string[], split?: string) => listImages(ids, { root: 'the/root', split });
const idsOf = (ids: string[], split?: string) => list(ids, split).items.map((item) => item.id);

function thrown(run: () => unknown): SaliencyMixError {
  try {
    run();
  } catch (error) {
    if (error instanceof SaliencyMixError) return error;
  }
  throw new Error('no SaliencyMixError was thrown');
}

test('image names: eight extensions in any case, nothing hidden', () => {
  const images = ['a.jpg', 'b/A.JPEG', 'c.Png', 'd.webp', 'e.gif', 'f.tif', 'g.TIFF', 'h.avif', 'a.b.jpg'];
  expect(images.filter(isImage)).toEqual(images);
  const others = [
    'jpg',
    'a.txt',
    'a.jpg.txt',
    '.a.jpg',
    'x/.b.png',
    '.git/c.png',
    '__MACOSX/d.png',
    'x.jpg/y',
    'a.svg',
  ];
  expect(others.filter(isImage)).toEqual([]);
});

test('order is that of UTF-8 bytes, not of locale, code units or folders', () => {
  // U+FF21 comes before U+1F600 in bytes, and after its surrogates in UTF-16
  const names = ['a', 'é', 'Z', '\u{1f600}', '\uff21', 'a/b', 'a.b', 'a-b', 'a10', 'a9'];
  const sorted = sortedByBytes(names);
  expect(sorted).toEqual(['Z', 'a', 'a-b', 'a.b', 'a/b', 'a10', 'a9', 'é', '\uff21', '\u{1f600}']);
  expect(sorted).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
});

test('class folders: the first folder is the class, however deep the file lies', () => {
  const { items, classes, problems } = list([
    'b/2.jpg',
    'a/x/1.png',
    'Z/1.jpg',
    'a/1.jpg',
    'notes.txt',
    'b/.x.jpg',
  ]);
  expect(classes).toEqual(['Z', 'a', 'b']);
  expect(items).toEqual([
    { id: 'Z/1.jpg', label: 0 },
    { id: 'a/1.jpg', label: 1 },
    { id: 'a/x/1.png', label: 1 },
    { id: 'b/2.jpg', label: 2 },
  ]);
  expect(problems).toEqual([]);
});

test('images beside class folders are problems, not items', () => {
  const { items, problems } = list(['cat/1.jpg', 'stray.jpg']);
  expect(items.map(({ id }) => id)).toEqual(['cat/1.jpg']);
  expect(problems).toEqual([
    { file: 'stray.jpg', reason: expect.stringMatching(/lies beside the class folders/) },
  ]);
});

test('a flat folder takes the class from the name up to the first _', () => {
  const { items, classes } = list([
    'n02_big_dog.JPEG',
    'n01_x.JPEG',
    'n02_y.jpg',
    'plain.v2.jpg',
    '_odd.jpg',
  ]);
  expect(classes).toEqual(['_odd', 'n01', 'n02', 'plain.v2']);
  expect(items.map(({ id, label }) => [id, classes[label]])).toEqual([
    ['_odd.jpg', '_odd'],
    ['n01_x.JPEG', 'n01'],
    ['n02_big_dog.JPEG', 'n02'],
    ['n02_y.jpg', 'n02'],
    ['plain.v2.jpg', 'plain.v2'],
  ]);
});

describe('splits', () => {
  const three = ['train/cat/1.jpg', 'train/dog/1.jpg', 'valid/cat/2.jpg', 'test/cat/3.jpg', 'test/eel/4.jpg'];

  test('train is the default, ids keep the split folder', () => {
    expect(idsOf(three)).toEqual(['train/cat/1.jpg', 'train/dog/1.jpg']);
    expect(idsOf(three, 'test')).toEqual(['test/cat/3.jpg', 'test/eel/4.jpg']);
    expect(idsOf(['Train/a/1.jpg', 'Test/a/1.jpg'])).toEqual(['Train/a/1.jpg']);
  });

  test('a split is found by its synonyms', () => {
    expect(idsOf(three, 'val')).toEqual(['valid/cat/2.jpg']);
    expect(idsOf(three, 'validation')).toEqual(['valid/cat/2.jpg']);
    expect(idsOf(['training/a/1.jpg', 'testing/a/1.jpg'])).toEqual(['training/a/1.jpg']);
    expect(pickSplit(['val', 'valid'], { split: 'valid', root: 'r' })).toBe('valid');
    expect(pickSplit(['train', 'Valid'], { prefer: ['test', 'val'], root: 'r' })).toBe('Valid');
    expect(() => pickSplit(['train'], { prefer: ['test', 'val'], root: 'r' })).toThrow(
      /"r" has no split "test"; there are: "train"/,
    );
  });

  test('the classes are the same for every split', () => {
    for (const split of ['train', 'val', 'test'])
      expect(list(three, split).classes).toEqual(['cat', 'dog', 'eel']);
    expect(list(three, 'test').items.map(({ label }) => label)).toEqual([0, 2]);
  });

  test('a test split without labels adds no class', () => {
    const ids = [
      'train/cat/images/1.jpg',
      'train/dog/images/1.jpg',
      'val/dog/images/1.jpg',
      'test/images/1.jpg',
    ];
    expect(list(ids).classes).toEqual(['cat', 'dog']);
    expect(list([...ids.slice(0, 3), 'test/7_x.jpg'], 'val').classes).toEqual(['cat', 'dog']);
    expect(list(ids, 'test').classes).toEqual(['images']);
  });

  test('a stray image beside split folders does not turn the splits into classes', () => {
    const { items, problems } = list([...three, 'preview.png']);
    expect(items.length).toBe(2);
    expect(problems).toEqual([
      { file: 'preview.png', reason: expect.stringMatching(/beside the split folders/) },
    ]);
  });

  test('one top folder that is no split makes all of them classes', () => {
    expect(list(['train/1.jpg', 'bus/1.jpg']).classes).toEqual(['bus', 'train']);
  });

  test('a split that is not there', () => {
    const error = thrown(() => list(three.slice(0, 3), 'test'));
    expect(error).toMatchObject({ code: 'DATA', file: 'the/root' });
    expect(error.message).toMatch(/"the\/root" has no split "test"; there are: "train", "valid"/);
    expect(thrown(() => list(['val/a/1.jpg'])).message).toMatch(
      /no split "train"; .* pass split, one of "val"/,
    );
  });

  test('a split asked for where there are none', () => {
    const error = thrown(() => list(['cat/1.jpg'], 'train'));
    expect(error.message).toMatch(/has no splits, so "train" cannot be picked: leave it out/);
  });
});

test('no images at all', () => {
  const error = thrown(() => list(['a/readme.md', '.x.jpg']));
  expect(error).toMatchObject({ code: 'DATA' });
  expect(error.message).toMatch(
    /"the\/root" holds no images \(looked for names ending in \.jpg, \.jpeg, .*\.avif\)/,
  );
});

test('the class can be read from a part of the id', () => {
  const ids = ['s1.tar/cat/1.jpg', 's0.tar/dog/1.jpg', 's0.tar/cat/1.jpg'];
  const { items, classes } = listImages(ids, { root: 'r', within: (id) => id.slice(7) });
  expect(classes).toEqual(['cat', 'dog']);
  expect(items.map(({ id, label }) => `${id}=${label}`)).toEqual([
    's0.tar/cat/1.jpg=0',
    's0.tar/dog/1.jpg=1',
    's1.tar/cat/1.jpg=0',
  ]);
});

test('a class that only another split has is told of', () => {
  const ids = ['train/cat/1.png', 'train/dog/1.png', 'val/cat/2.png', 'val/fox/2.png'];
  const { classes, notices } = list(ids, 'train');
  expect(classes).toEqual(['cat', 'dog', 'fox']);
  expect(notices).toEqual(['the split train has no image of a class that another split has ("fox")']);
  expect(list(ids, 'val').notices).toEqual([
    'the split val has no image of a class that another split has ("dog")',
  ]);
  expect(list([...ids, 'train/fox/3.png', 'val/dog/3.png'], 'train').notices).toBeUndefined();
});
