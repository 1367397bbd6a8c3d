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
