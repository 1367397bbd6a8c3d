/** Names that are not UTF-8, classes spelled in two ways, and labels that may be none: what a user of the commands sees. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { tarOf } from '../data/fixtures';
import { filesBelow, labelLines, run, workFolder, writeInto } from './fixtures';

const work = workFolder();
const image = (level: number) =>
  sharp({ create: { width: 16, height: 16, channels: 3, background: { r: level, g: 9, b: 200 } } })
    .png()
    .toBuffer();

/** Whether the file system takes such names: macOS does not. */
const data = join(work, 'latin1');
const mayName = (() => {
  try {
    mkdirSync(Buffer.from(`${data}/caf\xe9`, 'latin1'), { recursive: true });
    return true;
  } catch {
    return false;
  }
})();

if (mayName) {
  test('names in Latin-1: all are mixed, mapped, and shown escaped', async () => {
    for (const [i, name] of ['é', 'è', 'à'].entries()) {
      writeFileSync(Buffer.from(`${data}/caf\xe9/${name}.png`, 'latin1'), await image(i * 50));
    }
    writeInto(data, 'ok/1.png', await image(250));
    const mixed = await run('augment', data, '--out', join(work, 'mixed'), '--batch', '4');
    expect(mixed).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/left out|note:/) });
    const lines = labelLines(join(work, 'mixed'));
    expect(lines.map(({ target }) => target.id).toSorted()).toEqual([
      'caf\\xE9/\\xE0.png',
      'caf\\xE9/\\xE8.png',
      'caf\\xE9/\\xE9.png',
      'ok/1.png',
    ]);
    // The marks of the files, by which a resumed run knows them, are those of their bytes, too.
    const again = await run('augment', data, '--out', join(work, 'mixed'), '--batch', '4', '--resume');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^4 images were there already/) });
    const changed = Buffer.from(`${data}/caf\xe9/é.png`, 'latin1');
    writeFileSync(changed, await image(77));
    const noticed = await run('augment', data, '--out', join(work, 'mixed'), '--batch', '4', '--resume');
    expect(noticed.code).toBe(1);
    expect(noticed.stderr).toContain('caf\\xE9/\\xE9.png');
    expect((await run('saliency', data, '--out', join(work, 'maps'))).code).toBe(0);
    expect(filesBelow(join(work, 'maps')).filter((name) => name.endsWith('.map.png'))).toHaveLength(4);
  });
}

test('a class spelled in two ways is one, and that is said once', async () => {
  const folder = join(work, 'spelled');
  writeInto(folder, `train/${'café'.normalize('NFD')}/1.png`, await image(0));
  writeInto(folder, `train/${'café'.normalize('NFC')}/2.png`, await image(80));
  writeInto(folder, 'train/dog/1.png', await image(160));
  writeInto(folder, `test/${'café'.normalize('NFC')}/1.png`, await image(240));
  const { code, stderr } = await run('augment', folder, '--out', join(work, 'one'), '--batch', '4');
  expect(code).toBe(0);
  expect(stderr.match(/^note: .*$/gm)).toEqual([
    expect.stringMatching(
      /^note: "café": written in composed and in decomposed characters \(Unicode NFC and NFD\)/,
    ),
  ]);
  const { settings } = JSON.parse(readFileSync(join(work, 'one', 'run.json'), 'utf8')) as {
    settings: { classes: string[] };
  };
  expect(settings.classes).toEqual(['café'.normalize('NFC'), 'dog']);
});

test('captions are no classes for what needs classes', async () => {
  const bytes = await image(0);
  const entries = Array.from({ length: 9 }, (_, i) => [
    { name: `${i}.png`, content: bytes },
    { name: `${i}.txt`, content: `picture number ${i}` },
  ]);
  writeInto(work, 'captions.tar', await tarOf(entries.flat()));
  const tar = join(work, 'captions.tar');
  for (const args of [
    ['augment', tar],
    ['train', '--data', tar, '--no-test', '--epochs', '1'],
  ]) {
    const { code, stderr } = await run(...args, '--out', join(work, 'captions'));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /error: ".*captions\.tar" has labels in \.txt files only, and they look like captions, not classes \("0\.txt" says "picture number 0"/,
    );
  }
  expect((await run('saliency', tar, '--out', join(work, 'captions'))).code).toBe(0);
});
