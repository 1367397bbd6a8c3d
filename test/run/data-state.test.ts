/** What a run keeps of its files: files that two data sets are read from are looked at once. */
import { join } from 'node:path';
import { type Dataset, openDataset } from '../../src/data/dataset';
import { findEach } from '../../src/run/data-state';
import { png, put, tarOf, temporaryFolder } from '../data/fixtures';

const work = temporaryFolder();
const names = ['train/cat/1.png', 'train/dog/1.png', 'test/cat/1.png', 'test/dog/1.png'];
const opened: Dataset[] = [];
const open = async (path: string, split: string) => {
  const dataset = await openDataset({ path, split });
  opened.push(dataset);
  return dataset;
};
afterAll(() => Promise.all(opened.map((dataset) => dataset.close())));

test('two splits of an archive, and two of a folder', async () => {
  const image = await png(new Uint8Array(48), 4, 4);
  for (const name of names) put(work, `folder/${name}`, image);
  put(work, 'one.tar', await tarOf(names.map((name) => ({ name, content: image }))));
  for (const [path, files, shared] of [
    ['one.tar', ['one.tar'], true],
    ['folder', ['cat', 'dog'], false],
  ] as const) {
    const [data, test] = await Promise.all(['train', 'test'].map((split) => open(join(work, path), split)));
    const found = await findEach({ data, test, none: undefined }, true);
    expect([...found.keys()]).toEqual(['data', 'test']);
    for (const one of found.values()) expect(Object.keys(one.state)).toEqual(files);
    expect(found.get('data')?.marks === found.get('test')?.marks).toBe(shared);
  }
});
