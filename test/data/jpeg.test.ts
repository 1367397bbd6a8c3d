/** JPEG files in a batch are decoded natively where they can be: to the same pixels as by sharp, one by one. */
import sharp from 'sharp';
import { decode } from '../../src/data/codec';
import { loadBatch } from '../../src/data/load';
import { jpegVersion, loadJpegs } from '../../src/native/images';
import { environment } from '../../src/run/environment';
import { noise, plain, png, sourceOf } from './fixtures';

/** Smooth noise, so that a JPEG of it has all frequencies and no clipped values. */
const picture = (height: number, width: number, channels: 1 | 3 = 3) =>
  sharp(noise(height, width).subarray(0, height * width * channels), {
    raw: { height, width, channels },
  }).blur(1.5);

/** The same with EXIF data, in either order of bytes, that says how it is to be turned. */
async function oriented(orientation: number, order: 'II' | 'MM'): Promise<Buffer> {
  const file = await picture(20, 30).jpeg().toBuffer();
  const exif = Buffer.alloc(10 + 8 + 2 + 12 + 4);
  exif.set([0xff, 0xe1, 0, exif.length - 2]);
  exif.write('Exif\0\0', 4, 'latin1');
  const tiff = exif.subarray(10);
  const two = (value: number, at: number) =>
    order === 'II' ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at);
  const four = (value: number, at: number) =>
    order === 'II' ? tiff.writeUInt32LE(value, at) : tiff.writeUInt32BE(value, at);
  tiff.write(order, 0, 'latin1');
  two(42, 2);
  four(8, 4); // the directory begins here,
  two(1, 8); // has one entry,
  two(0x0112, 10); // the orientation,
  two(3, 12); // one 16-bit number
  four(1, 14);
  two(orientation, 18);
  return Buffer.concat([file.subarray(0, 2), exif, file.subarray(2)]);
}

type Made = [name: string, file: Promise<Buffer>, native: boolean];
const made: Made[] = [
  ['4:4:4', picture(61, 83).jpeg({ quality: 90, chromaSubsampling: '4:4:4' }).toBuffer(), true],
  ['4:2:0', picture(61, 83).jpeg({ quality: 75, chromaSubsampling: '4:2:0' }).toBuffer(), true],
  ['4:2:0 of even size', picture(48, 64).jpeg({ quality: 75 }).toBuffer(), true],
  ['progressive', picture(61, 83).jpeg({ progressive: true }).toBuffer(), true],
  ['gray', picture(40, 50, 1).toColourspace('b-w').jpeg().toBuffer(), true],
  ['8 × 8', picture(8, 8).jpeg().toBuffer(), true],
  ['to be turned', oriented(6, 'II'), false],
  ['to be turned, the other byte order', oriented(8, 'MM'), false],
  ['not to be turned', oriented(1, 'MM'), true],
  ['with a profile', picture(20, 30).withIccProfile('p3').jpeg().toBuffer(), false],
  ['CMYK', picture(20, 30).toColourspace('cmyk').jpeg().toBuffer(), false],
  ['a PNG', png(plain(20, 30, [1, 2, 3]), 20, 30), false],
];

const plainOnes = (count: number) => new Uint8Array(count);

test.each(made)('%s', async (name, making, native) => {
  const file = await making;
  const expected = await decode(file, [24, 32], name);
  const { images } = await loadBatch({ source: sourceOf(1, async () => file) }, [0], [24, 32]);
  expect(images?.data).toEqual(expected.pixels);
  const whole = await decode(file, undefined, name);
  if (name.startsWith('to be turned')) expect([whole.height, whole.width]).toEqual([30, 20]);
  const own = await loadBatch({ source: sourceOf(1, async () => file) }, [0], [whole.height, whole.width]);
  expect(own.images?.data).toEqual(whole.pixels);
  const filled = await loadJpegs(
    { files: [file], plain: plainOnes(1), resize: true, size: [24, 32], maxPixels: 1e6 },
    new Uint8Array(24 * 32 * 3),
  );
  expect(filled).toEqual([native && jpegVersion() !== '']);
});

test('what is kept with a result names the decoder that such files went through', async () => {
  const file = await made[0][1];
  const [filled] = await loadJpegs(
    { files: [file], plain: plainOnes(1), resize: true, size: [24, 32], maxPixels: 1e6 },
    new Uint8Array(24 * 32 * 3),
  );
  expect(environment('cpu').jpeg).toMatch(filled ? /^libjpeg(-turbo)? \d[\d.]*$/ : /^sharp$/);
});

test('a damaged one is left to the decoder that can say what is wrong, and disturbs no other', async () => {
  const good = await made[1][1];
  const files = [
    good,
    good.subarray(0, good.length - 400),
    good,
    good.subarray(0, 100),
    Buffer.from([0xff, 0xd8]),
  ];
  const loaded = await loadBatch(
    { source: sourceOf(5, async (index) => files[index]) },
    [0, 1, 2, 3, 4],
    [24, 32],
  );
  expect(loaded.slots.of).toEqual([0, 2]);
  expect(loaded.holes.map(({ slot, error }) => [slot, error.code])).toEqual([
    [1, 'FILE'],
    [3, 'FILE'],
    [4, 'FILE'],
  ]);
  const { pixels } = await decode(good, [24, 32], 'good');
  expect(loaded.images?.data.subarray(24 * 32 * 3)).toEqual(pixels);
});

test('one that repeats a scan thousands of times is left at the first repetition', async () => {
  const file = await sharp({ create: { width: 2000, height: 2000, channels: 3, background: '#808080' } })
    .toColourspace('b-w')
    .jpeg({ progressive: true })
    .toBuffer();
  const end = file.length - 2;
  const scan = file.subarray(file.lastIndexOf(Buffer.from([0xff, 0xda])), end);
  const repeated = Buffer.concat([
    file.subarray(0, end),
    ...Array.from({ length: 8000 }, () => scan),
    file.subarray(end),
  ]);
  const begun = Date.now();
  const call = {
    files: [repeated],
    plain: plainOnes(1),
    resize: true,
    size: [8, 8],
    maxPixels: 4e6,
  } as const;
  expect(await loadJpegs(call, new Uint8Array(8 * 8 * 3))).toEqual([false]);
  expect(Date.now() - begun).toBeLessThan(3000);
  const loaded = await loadBatch({ source: sourceOf(1, async () => repeated) }, [0], [8, 8]);
  expect(loaded.holes[0].error.message).toMatch(/has more than 100 scans, which would take long to decode/);
});
