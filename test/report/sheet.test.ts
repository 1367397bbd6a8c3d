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
  const style = { size: 14, colour: '#000000' };
  const [flat, tall, markup, escaped] = await Promise.all(
    [text('aaa', style), text('gλf', style), text('<b>&', style), text('', style)].map((png) =>
      png.then((bytes) => sharp(bytes).metadata()),
    ),
  );
  expect(Math.abs(flat.height - tall.height)).toBeLessThanOrEqual(1);
  expect(markup.width).toBeGreaterThan(flat.width);
  expect(escaped.height).toBe(flat.height);
});
