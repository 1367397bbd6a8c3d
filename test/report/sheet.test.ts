import sharp from 'sharp';
import { text } from '../../src/report/canvas';
import { contactSheet, type SheetRow } from '../../src/report/sheet';

const picture = (value: number, side = 16) => ({
  pixels: new Uint8Array(side * side * 3).fill(value),
  height: side,
  width: side,
});
const row = (more: Partial<SheetRow> = {}): SheetRow => ({
  target: picture(60),
  source: picture(200),
  map: Float32Array.from({ length: 256 }, (_, i) => i),
  peak: [8, 8],
  from: { top: 4, left: 4, bottom: 12, right: 12 },
  to: { top: 4, left: 4, bottom: 12, right: 12 },
  mixed: picture(120),
  lambda: 0.75,
  targetClass: 'cat',
  sourceClass: 'dog <&>',
  kept: false,
  ...more,
});
const heading = { title: 'saliencymix', subtitle: 'six of many' };

async function raw(png: Buffer) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, ...info };
}

test('a line per sample, each image in its column', async () => {
  const one = await raw(await contactSheet([row()], heading));
  const three = await raw(await contactSheet([row(), row(), row()], heading));
  expect(three.width).toBe(one.width);
  const line = (three.height - one.height) / 2;
  expect(line).toBeGreaterThan(140);
  // The middle of the mixed image, fourth column.
  const at = (col: number, y: number) => three.data[(y * three.width + col) * 3];
  const middle = 76 + 4 + 72 + 2 * line;
  expect(Math.abs(at(20 + 3 * 156 + 72, middle) - 120)).toBeLessThan(12);
  expect(Math.abs(at(20 + 3, middle) - 60)).toBeLessThan(12);
});

test('shares of the source lie over the mixed image, in their own colours', async () => {
  const half = row({ map: new Float32Array(256).fill(0.5), from: undefined, peak: undefined });
  const { data, width } = await raw(await contactSheet([half], { ...heading, maps: 'share of source' }));
  const at = ((76 + 4 + 72) * width + 20 + 2 * 156 + 72) * 3; // the middle of the third column
  // 0.4 of the mixed image's 120, and 0.6 of the middle of the colours, 187, 55, 84.
  [160, 81, 98].forEach((value, c) => expect(Math.abs(data[at + c] - value)).toBeLessThan(2));
});

test('lambda, classes and boxes are to be seen', async () => {
  const base = await contactSheet([row()], heading);
  for (const other of [
    { lambda: 0.25 },
    { targetClass: 'cow' },
    { from: undefined },
    { to: undefined },
    { peak: undefined },
    { kept: true },
  ]) {
    expect(Buffer.compare(base, await contactSheet([row(other)], heading))).not.toBe(0);
  }
});

test('text is drawn with the font of the package, lines within a pixel of the same height, markup as letters', async () => {
  const style = { size: 14, colour: '#000000', maxWidth: 500 };
  const [flat, tall, markup, escaped] = await Promise.all(
    [text('aaa', style), text('gλf', style), text('<b>&', style), text('', style)].map((png) =>
      png.then((bytes) => sharp(bytes).metadata()),
    ),
  );
  expect(Math.abs(flat.height - tall.height)).toBeLessThanOrEqual(1);
  expect(markup.width).toBeGreaterThan(flat.width);
  expect(escaped.height).toBe(flat.height);
});

test('text that is too long loses its middle, not its ends; text that fits is left alone', async () => {
  const draw = (words: string, maxWidth: number) => text(words, { size: 14, colour: '#000000', maxWidth });
  const long = `/a${'b'.repeat(300)}/z`;
  const { width } = await sharp(await draw(long, 200)).metadata();
  expect(width).toBeLessThanOrEqual(200);
  expect(width).toBeGreaterThan(150);
  const same = (await Promise.all([draw('/abcdefghijz', 60), draw('/abcXYZWhijz', 60)])).map(String);
  expect(same[0]).toBe(same[1]);
  expect(String(await draw('/abcdefghijQ', 60))).not.toBe(same[0]);
  expect(String(await draw('abc', 200))).toBe(String(await draw('abc', 500)));
  expect((await sharp(await draw('ab', 1)).metadata()).width).toBeGreaterThan(0); // ends, though nothing fits
});

test('a sheet is drawn whatever the names and the shapes of the images', async () => {
  const { width } = await raw(await contactSheet([row()], heading));
  const path = `6 of 250 images of /${'very/long/path/'.repeat(30)}`;
  const names = { targetClass: '漢'.repeat(60), sourceClass: 'a\0b\nc' };
  const sheet = await raw(await contactSheet([row(names)], { title: path, subtitle: path }));
  expect(sheet.width).toBe(width);
  for (const [height, across] of [
    [1, 1],
    [1, 500],
    [500, 3],
  ]) {
    const thin = { pixels: new Uint8Array(height * across * 3), height, width: across };
    const box = { top: 0, left: 0, bottom: height, right: across };
    const map = new Float32Array(height * across);
    const one = row({ target: thin, source: thin, mixed: thin, map, peak: [0, 0], from: box, to: box });
    expect((await raw(await contactSheet([one], heading))).width).toBe(width);
  }
});
