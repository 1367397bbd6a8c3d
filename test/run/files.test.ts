/** Files that several processes write. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../../src/run/files';
import { workFolder } from '../train/fixtures';

const work = workFolder();

test('written many times at once, a file is one of the texts as a whole, and nothing else is left', async () => {
  const file = join(work, 'report.html');
  const texts = Array.from({ length: 50 }, (_, i) => String(i).repeat(100_000));
  await Promise.all(texts.map((text) => writeWhole(file, text)));
  expect(texts).toContain(readFileSync(file, 'utf8'));
  expect(readdirSync(work)).toEqual(['report.html']);
});

test('where it cannot be written the error names it', async () => {
  await expect(writeWhole(join(work, 'missing', 'a'), '')).rejects.toMatchObject({
    code: 'OUTPUT',
    message: expect.stringContaining(join('missing', 'a')),
  });
});
