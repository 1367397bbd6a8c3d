import { tar } from '../../src/data/datasets/tar';
import type { DatasetSource } from '../../src/data/source';
import { failure, put, tarOf, type TarEntry, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();
const opened: DatasetSource[] = [];
let count = 0;

const write = async (entries: readonly TarEntry[]) => put(temporary, `${count++}.tar`, await tarOf(entries));

async function open(file: string, split?: string): Promise<DatasetSource> {
  const source = await tar.open({ path: file, split });
  opened.push(source);
  return source;
}

afterAll(() => Promise.all(opened.map((source) => source.close())));

const byClass = ({ items, classes }: DatasetSource) =>
  items.map(({ id, label }) => `${id}=${classes[label]}`);

test('class numbers in .cls keep their value, samples without a label are problems', async () => {
  const source = await open(
    await write([
      { name: '0001.jpg', content: 'one' },
      { name: '0001.cls', content: '11\n' },
      { name: '0000.cls', content: '2' },
      { name: '0000.png', content: 'zero' },
      { name: '0000.seg.png', content: 'a mask, not the image' },
      { name: '0002.jpg', content: 'unlabelled' },
      { name: '0003.jpg', content: 'mislabelled' },
      { name: '0003.cls', content: 'dog' },
    ]),
  );
  expect(source.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11']);
  expect(source.items).toEqual([
    { id: '0000.png', label: 2 },
    { id: '0001.jpg', label: 11 },
  ]);
  expect(Buffer.from((await source.read(1)) as Uint8Array).toString()).toBe('one');
  expect(source.problems.map(({ file }) => file)).toEqual(['0002.jpg', '0003.jpg']);
  expect(source.problems[0].reason).toMatch(/has no label \(\.cls, or label, cls or class in \.json\)/);
});

test('labels in .json: numbers as label or cls, names as class', async () => {
  const numbers = await open(
    await write([
      { name: 'a/1.jpg' },
      { name: 'a/1.json', content: '{"label": 1, "class": "ignored"}' },
      { name: 'b/1.jpg' },
      { name: 'b/1.json', content: '{"cls": 0}' },
      { name: 'c/1.jpg' },
      { name: 'c/1.json', content: '{"label": 1.5}' },
      { name: 'd/1.jpg' },
      { name: 'd/1.json', content: 'not json' },
    ]),
  );
  expect(byClass(numbers)).toEqual(['a/1.jpg=1', 'b/1.jpg=0']);
  expect(numbers.problems.map(({ file }) => file)).toEqual(['c/1.jpg', 'd/1.jpg']);
  const names = await open(
    await write([
      { name: '1.jpg' },
      { name: '1.json', content: '{"class": "eel"}' },
      { name: '2.jpg' },
      { name: '2.json', content: '{"class": "Dog"}' },
    ]),
  );
  expect(names.classes).toEqual(['Dog', 'eel']);
  expect(byClass(names)).toEqual(['1.jpg=eel', '2.jpg=Dog']);
});

test('names that cannot be written to a file are no labels, alone or in a list', async () => {
  const json = (name: string, label: unknown) => ({ name, content: JSON.stringify({ label }) });
  const source = await open(
    await write([
      { name: '1.jpg' },
      json('1.json', 'eel'),
      { name: '2.jpg' },
      json('2.json', '\ud800'),
      { name: '3.jpg' },
      json('3.json', ['eel', 'a\udc00']),
      { name: '4.jpg' },
      json('4.json', ['eel', '']),
      { name: '5.jpg' },
      json('5.json', '\ud83d\udc1f'),
    ]),
  );
  expect(source.classes).toEqual(['eel', '\ud83d\udc1f']);
  expect(byClass(source)).toEqual(['1.jpg=eel', '5.jpg=\ud83d\udc1f']);
  expect(source.problems.map(({ reason }) => reason)).toEqual([
    'its label file "2.json" has "label": a text with half a character in it; it is left out',
    'its label file "3.json" has "label": a list with a text with half a character in it; it is left out',
    'its label file "4.json" has "label": a list with nothing; it is left out',
  ]);
});

test('a label in lists of one, as deep as may be', async () => {
  const [begin, end] = ['['.repeat(50_000), ']'.repeat(50_000)];
  const source = await open(
    await write([
      { name: '1.jpg' },
      { name: '1.json', content: `{"label":${begin}3${end}}` },
      { name: '2.jpg' },
      { name: '2.json', content: `{"label":${begin}1,${begin}${end}${end}}` },
    ]),
  );
  expect(source.items).toEqual([{ id: '1.jpg', label: 3 }]);
  expect(source.problems.map(({ file }) => file)).toEqual(['2.jpg']);
  expect(source.problems[0].reason).toMatch(/a list that is not the weights of all classes/);
});

test('a split of which no sample has a label is an error', async () => {
  const labelled = [0, 1].flatMap((i) => [{ name: `${i}.jpg` }, { name: `${i}.cls`, content: String(i) }]);
  const error = await failure(open(await write([...labelled, { name: 'train/9.jpg' }])));
  expect(error.code).toBe('DATA');
  expect(error.message).toMatch(
    /has no image with a label that can be used in its split "train"; the first: "0\.jpg" is in no folder of a split/,
  );
});

test('numbers and names together are refused', async () => {
  const file = await write([
    { name: '1.jpg' },
    { name: '1.json', content: '{"class": "eel"}' },
    { name: '2.jpg' },
    { name: '2.cls', content: '4' },
  ]);
  const error = await failure(open(file));
  expect(error.code).toBe('DATA');
  expect(error.message).toMatch(/labels some samples with numbers and others with names/);
});

test('a .json that belongs to no image does not make a WebDataset', async () => {
  const file = await write([{ name: 'cat/1.jpg' }, { name: 'meta.json', content: '{"label": 3}' }]);
  expect(byClass(await open(file))).toEqual(['cat/1.jpg=cat']);
});

test('it has no splits', async () => {
  const file = await write([{ name: '1.jpg' }, { name: '1.cls', content: '0' }]);
  expect((await failure(open(file, 'train'))).message).toMatch(/WebDataset and has no splits.*leave it out/);
});

/** A sample for each label file: NUMBER.jpg beside NUMBER.EXTENSION with that text. */
const samples = (extension: string, contents: readonly (string | Uint8Array)[]): TarEntry[] =>
  contents.flatMap((content, i) => [{ name: `${i}.jpg` }, { name: `${i}.${extension}`, content }]);

const labelsOf = async (extension: string, contents: readonly (string | Uint8Array)[]) =>
  open(await write(samples(extension, contents)));

/** Item and weights, shortened. */
const softOf = ({ items }: DatasetSource) =>
  items.map(({ label, soft }) => [label, soft && Array.from(soft, (weight) => Number(weight.toFixed(4)))]);

test('.cls with names, with and without BOM, CRLF and blanks, in UTF-16 too', async () => {
  const utf16 = Buffer.from('\ufeffcat\r\n', 'utf16le');
  const source = await labelsOf('cls', [
    'cat',
    'dog\r\n',
    '\ufeffdog',
    ' cat \n',
    utf16,
    Buffer.from(utf16).swap16(),
    '"cat"',
  ]);
  expect(source.classes).toEqual(['cat', 'dog']);
  expect(source.items.map(({ label }) => label)).toEqual([0, 1, 1, 0, 0, 0, 0]);
  expect(source.problems).toEqual([]);
});

test('numbers: BOM, CRLF, 1.0; what is none is a problem, and gets no class by its name', async () => {
  const source = await labelsOf('cls', [
    '\ufeff1\r\n',
    '2.0',
    '+0',
    '1.',
    '-1',
    '1.5',
    '1e3',
    '0x1',
    '',
    '2\n3',
    '9999999',
    'nan',
  ]);
  expect(byClass(source)).toEqual(['0.jpg=1', '1.jpg=2', '2.jpg=0', '3.jpg=1']);
  expect(source.problems.map(({ file, reason }) => `${file} ${reason}`)).toEqual(
    [
      '10.jpg its label file "10.cls" says 9999999, which is too large for a class number',
      '11.jpg its label file "11.cls" says nan, which is no class number',
      '4.jpg its label file "4.cls" says -1, which stands for no class',
      '5.jpg its label file "5.cls" says 1.5, which is no class number',
      '6.jpg its label file "6.cls" says 1e3, which is no class number',
      '7.jpg its label file "7.cls" says 0x1, which is no class number',
      '8.jpg its label file "8.cls" says nothing',
      '9.jpg its label file "9.cls" has several lines, where one with the label was expected',
    ].map((text) => `${text}; it is left out`),
  );
});

test('class names in two spellings, and in Latin-1, are not mixed up', async () => {
  const source = await labelsOf('cls', [
    'café',
    'cafe\u0301',
    Buffer.from('café', 'latin1'),
    Buffer.from('cafè', 'latin1'),
  ]);
  expect(source.classes).toEqual(['caf\\xE8', 'caf\\xE9', 'café']);
  expect(source.items.map(({ label }) => label)).toEqual([2, 2, 1, 0]);
});

test.each(['label', 'labels', 'cls', 'class', 'class_id', 'class_name', 'label_name', 'target'])(
  '.json: %s with numbers, digits, names, weights',
  async (key) => {
    const json = (...values: unknown[]) =>
      labelsOf(
        'json',
        values.map((value) => JSON.stringify({ other: 7, [key]: value })),
      );
    expect(byClass(await json(1, 0, [2], '1'))).toEqual(['0.jpg=1', '1.jpg=0', '2.jpg=2', '3.jpg=1']);
    expect(byClass(await json('10', '9'))).toEqual(['0.jpg=10', '1.jpg=9']);
    expect((await json('10', '9')).items.map(({ label }) => label)).toEqual([10, 9]);
    expect(byClass(await json('cat', '9', ['dog']))).toEqual(['0.jpg=cat', '1.jpg=9', '2.jpg=dog']);
    const soft = await json([0, 1, 0], [0.25, 0.25, 0.5], [1, 0, 1], [1, 0, 0], [0, 1, 0]);
    expect(soft.classes).toEqual(['0', '1', '2']);
    expect(softOf(soft)).toEqual([
      [1, [0, 1, 0]],
      [2, [0.25, 0.25, 0.5]],
      [0, [0.5, 0, 0.5]],
      [0, [1, 0, 0]],
      [1, [0, 1, 0]],
    ]);
    expect(softOf(await json(['cat', 'dog'], 'cow', 'dog'))).toEqual([
      [0, [0.5, 0, 0.5]],
      [1, undefined],
      [2, undefined],
    ]);
  },
);

test('.json that cannot be used is named', async () => {
  const bad = [
    '{"label": null}',
    '{"label": true}',
    '{"label": -1}',
    '{"label": [0, 0]}',
    '{"label": [3, 7]}',
    '{"label": []}',
    '{"label": ["a", 1]}',
    '{',
    '{"label": {}}',
    '{"label": 1, "cls": 2}',
    'null',
  ];
  const source = await labelsOf('json', [
    '{"label": 1}',
    ...bad,
    `{"label": 0, "text": "${'x'.repeat(1 << 20)}"}`,
  ]);
  expect(byClass(source)).toEqual(['0.jpg=1']);
  const reasons = Object.fromEntries(source.problems.map(({ file, reason }) => [file, reason]));
  expect(Object.keys(reasons)).toHaveLength(bad.length + 1);
  for (const [i, words] of [
    'has "label": null, which is no class',
    'has "label": true, which is no class',
    'has "label": -1, which stands for no class',
    'has "label": a list of zeros, which stands for no class',
    'has "label": a list that is not the weights of all classes (numbers from 0 to 1) and not names',
    'has "label": a list that is not the weights of all classes (numbers from 0 to 1) and not names',
    'has "label": a list that is not the weights of all classes (numbers from 0 to 1) and not names',
    'is no valid JSON',
    '', // about something else
    'contradicts itself: "cls" is 2, and before it says 1',
    'says null, which is no class',
    'is too large for a label (more than 1 MiB): it has 1048600 bytes; to read it all the same give --max-label-bytes 1048600 (maxLabelBytes)',
  ].entries()) {
    const expected =
      words === ''
        ? /^has no label \(\.cls, or label, cls or class in \.json\)/
        : `its label file "${i + 1}.json" ${words}; it is left out`;
    expect(reasons[`${i + 1}.jpg`]).toEqual(words === '' ? expect.stringMatching(expected) : expected);
  }
});

describe('several label files of one image', () => {
  const pair = async (cls: string, json: string, txt?: string) => {
    const rest: TarEntry[] = [{ name: 'x.jpg' }, { name: 'x.cls', content: /^\d/.test(cls) ? '0' : 'cow' }];
    const text = txt === undefined ? [] : [{ name: '0.txt', content: txt }];
    const own = [{ name: '0.jpg' }, { name: '0.cls', content: cls }, { name: '0.json', content: json }];
    return open(await write([...own, ...text, ...rest]));
  };

  test('that agree, or are about something else', async () => {
    for (const json of [
      '{"label": 1}',
      '{"label": "1"}',
      '{"label": [0, 1]}',
      '{"width": 3}',
      '{',
      '{"label": [0.3, 0.7]}',
    ]) {
      expect(byClass(await pair('1', json))).toEqual(['0.jpg=1', 'x.jpg=0']);
    }
    expect(byClass(await pair('cat', '{"class": "cat"}', 'a cat on a mat'))).toEqual([
      '0.jpg=cat',
      'x.jpg=cow',
    ]);
  });

  test('that disagree are an error', async () => {
    const cases: [string, string, string?][] = [
      ['1', '{"label": 0}'],
      ['1', '{"label": "0"}'],
      ['1', '{"label": [1, 0]}'],
      ['cat', '{"class": "dog"}'],
      ['cat', '{}', 'cow'],
      ['1', '{}', '0'],
    ];
    for (const [cls, json, txt] of cases) {
      const error = await failure(pair(cls, json, txt));
      expect(error.code).toBe('DATA');
      expect(error.message).toMatch(
        /has two labels for one image: .* \("0\.cls"\) and .* \("0\.(json|txt)"\); make them agree/,
      );
    }
  });

  test('a number and a name: the classes get names, where each number has one of its own', async () => {
    const both = (...pairs: [number, string][]) =>
      labelsOf(
        'json',
        pairs.map(([label, name]) => JSON.stringify({ label, label_name: name })),
      );
    expect((await both([2, 'cat'], [0, 'dog'], [2, 'cat'])).classes).toEqual(['dog', '1', 'cat']);
    expect((await both([2, 'animal'], [0, 'animal'])).classes).toEqual(['0', '1', '2']);
    expect((await failure(both([1, 'cat'], [1, 'dog']))).message).toMatch(
      /calls class 1 "cat" \("0\.json"\) and "dog" \("1\.json"\); which is right\?/,
    );
  });
});

test('weights of different lengths, and numbers beyond them, are an error', async () => {
  const lists = (...labels: unknown[]) =>
    labelsOf(
      'json',
      labels.map((label) => JSON.stringify({ label })),
    );
  expect((await failure(lists([0, 1], [0, 1, 0]))).message).toMatch(
    /"0\.jpg" with weights of 2 classes, but "1\.jpg" with weights of 3 classes/,
  );
  expect((await failure(lists([0, 1], 2))).message).toMatch(
    /with weights of 2 classes, but "1\.jpg" with class 2/,
  );
  expect(softOf(await lists([0, 1], 0))).toEqual([
    [1, [0, 1]],
    [0, undefined],
  ]);
});

test('label files of which none can be used are an error, not classes by name', async () => {
  for (const [extension, contents] of [
    ['cls', ['-1', '-1']],
    ['json', ['{"label": -1}', '{"label": null}']],
    ['json', ['{', 'no json']],
    ['txt', ['a\nb', 'c'.repeat(200)]],
  ] as const) {
    const error = await failure(labelsOf(extension, contents));
    expect(error.code).toBe('DATA');
    expect(error.message).toMatch(
      /has label files, but no image with a label that can be used; the first: "0\.jpg" its label file "0\.(cls|json|txt)"/,
    );
  }
});

describe('.txt', () => {
  test('has names where there is no other label', async () => {
    expect(byClass(await labelsOf('txt', ['dog', 'cat\n']))).toEqual(['0.jpg=dog', '1.jpg=cat']);
  });

  test('captions beside class folders are not classes, names are', async () => {
    const under = async (texts: readonly string[]) =>
      open(
        await write(
          texts.flatMap((content, i) => [
            { name: `${i % 2}/${i}.jpg` },
            { name: `${i % 2}/${i}.txt`, content },
          ]),
        ),
      );
    expect(byClass(await under(['a red cat', 'a dog']))).toEqual(['0/0.jpg=0', '1/1.jpg=1']);
    expect(byClass(await under(['cat', 'dog', 'dog', 'cat']))).toEqual([
      '0/0.jpg=cat',
      '0/2.jpg=dog',
      '1/1.jpg=dog',
      '1/3.jpg=cat',
    ]);
  });

  test('boxes of detection data are no classes', async () => {
    const error = await failure(labelsOf('txt', ['0 0.5 0.5 0.25 0.25', '1 0.1 0.1 0.2 0.2\n0 0.5 0.5 1 1']));
    expect(error.message).toMatch(
      /"0\.jpg" its label file "0\.txt" says 0 0\.5 0\.5 0\.25 0\.25, which is no class/,
    );
  });

  test('captions alone are doubted', async () => {
    const captions = Array.from({ length: 8 }, (_, i) => `picture number ${i}`);
    expect((await labelsOf('txt', captions)).doubt).toMatch(
      /look like captions, not classes \("0\.txt" says "picture number 0", /,
    );
    expect(
      (
        await labelsOf(
          'txt',
          captions.map((_, i) => `${i % 4} cats`),
        )
      ).doubt,
    ).toBeUndefined();
  });
});

test('images of formats that are not decoded are named, or counted beside one that is', async () => {
  const source = await open(
    await write([
      { name: 'a.png' },
      { name: 'a.cls', content: '1' },
      { name: 'a.dng', content: 'raw' },
      { name: 'b.bmp' },
      { name: 'b.cls', content: '0' },
      { name: '.c.bmp' },
    ]),
  );
  expect(byClass(source)).toEqual(['a.png=1']);
  expect(source.problems).toEqual([
    {
      file: 'b.bmp',
      reason: expect.stringMatching(/^is a BMP image, which this build does not decode.*; it is left out$/),
    },
  ]);
  expect(source.notices).toEqual(['1 .dng left out, as they belong to the images of their samples']);
});

describe('keys', () => {
  test('are cut at the first dot of the base name, not of the folder', async () => {
    const source = await open(
      await write([
        { name: 'v1.0/a.jpg' },
        { name: 'v1.0/a.cls', content: '1' },
        { name: 'v1.0/b.x.jpg' },
        { name: 'v1.0/b.x.cls', content: '0' },
        { name: 'v1.0/c.x.jpg' },
        { name: 'v1.0/c.cls', content: '2' },
      ]),
    );
    expect(byClass(source)).toEqual(['v1.0/a.jpg=1', 'v1.0/b.x.jpg=0', 'v1.0/c.x.jpg=2']);
    expect(source.problems).toEqual([]);
  });

  test('samples that a key merges are named, masks are counted', async () => {
    const source = await open(
      await write([
        { name: 'a.v1.png' },
        { name: 'a.v1.cls', content: '0' },
        { name: 'a.v2.png' },
        { name: 'a.v2.cls', content: '1' },
        { name: 'b.png' },
        { name: 'b.cls', content: '0' },
        { name: 'b.seg.png' },
        { name: 'b.v2.png' },
        { name: 'b.v2.cls', content: '1' },
        { name: 'c.jpg' },
        { name: 'c.png' },
        { name: 'c.cls', content: '1' },
      ]),
    );
    expect(byClass(source)).toEqual(['b.png=0']);
    expect(source.problems.map(({ file }) => file)).toEqual([
      'a.v1.png',
      'a.v2.png',
      'b.v2.png',
      'c.jpg',
      'c.png',
    ]);
    expect(source.problems[0].reason).toBe(
      'shares the key "a" with "a.v2.png", as WebDataset cuts names at the first dot: rename one of them; it is left out',
    );
    expect(source.problems[2].reason).toMatch(/^shares the key "b" with "b\.png"/);
    expect(source.notices).toEqual(['1 .seg.png left out, as they belong to the images of their samples']);
  });
});
