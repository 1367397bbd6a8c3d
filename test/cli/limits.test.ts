/** Limits of what a file can claim, on the command line: refused files are left out and named, and options allow them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { imageFolder, run, workFolder, writeInto } from './fixtures';

const work = workFolder();
const data = join(work, 'data');
const larger = join(work, 'larger');

const image = (side: number) =>
  sharp({ create: { width: side, height: side, channels: 3, background: '#405060' } })
    .png()
    .toBuffer();

beforeAll(async () => {
  await imageFolder(data, 12); // 24 × 24
  writeInto(data, 'class_0/large.png', await image(30));
  await imageFolder(larger, 6);
  writeInto(larger, 'class_1/large.png', await image(31));
}, 60_000);

test('augment leaves an image out that has too many pixels, and says what allows it', async () => {
  const out = join(work, 'out');
  const args = ['augment', data, '--size', '16', '--batch', '4', '--force', '--out', out];
  const outcome = await run(...args, '--max-pixels', '576');
  expect(outcome).toMatchObject({ code: 0 });
  expect(outcome.stderr).toMatch(
    /1 file was left out:\n.*"class_0\/large\.png" is too large: it has more than 576 pixels \(30 × 30, .*--max-pixels 900 /,
  );
  expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({ images: 12 });
  const strict = await run(...args, '--max-pixels', '576', '--strict');
  expect(strict).toMatchObject({ code: 1, stderr: expect.stringContaining('is too large') });
  const raised = await run(...args, '--max-pixels', '900');
  expect(raised).toMatchObject({ code: 0, stderr: expect.not.stringContaining('left out') });
});

test('train has the limits for the data to test on, too', async () => {
  const args = ['train', '--data', data, '--test', larger, '--out', join(work, 'trained'), '--epochs', '1'];
  const small = [
    '--size',
    '16',
    '--batch',
    '6',
    '--model',
    'resnet',
    '--layers',
    '1',
    '--width',
    '6',
    '--threads',
    '1',
  ];
  const { code, stderr } = await run(...args, ...small, '--max-pixels', '900');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toMatch(
    /1 file was left out:\n.*"class_1\/large\.png" is too large: it has more than 900 pixels/,
  );
}, 60_000);

test.each(['info', 'saliency'])('%s has them', async (command) => {
  const out = command === 'saliency' ? ['--out', join(work, 'maps')] : [];
  const { code, stdout, stderr } = await run(command, data, ...out, '--max-pixels', '576');
  expect(code).toBe(0);
  if (command === 'info') expect(stdout).toMatch(/24 × 24 \(12\), of 12 images looked at/);
  else expect(stderr).toMatch(/1 file was left out/);
  const wrong = await run(command, data, ...out, '--max-file-bytes', '0');
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('maxFileBytes') });
});
