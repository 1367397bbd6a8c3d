import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { decode, encode, probeSize } from '../../src/data/codec';
import { hasUsualProfile } from '../../src/data/jpeg-profile';
import { failure, jpeg, noise, plain, png } from './fixtures';

const RED = [255, 0, 0];
const BLUE = [0, 0, 255];

/** Left half red, right half blue. */
function halves(height: number, width: number): Uint8Array {
  const pixels = plain(height, width, RED);
  for (let row = 0; row < height; row++) {
    for (let column = width / 2; column < width; column++) pixels.set(BLUE, (row * width + column) * 3);
  }
  return pixels;
}

const cutInHalf = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);

describe('decode', () => {
  test('gives the very pixels of a lossless file, uint8 RGB HWC', async () => {
    const pixels = noise(5, 7);
    const decoded = await decode(await png(pixels, 5, 7), undefined, 'x.png');
    expect(decoded).toEqual({ pixels, height: 5, width: 7 });
  });

  test('a size that the image has changes no pixel', async () => {
    const pixels = noise(5, 7);
    expect((await decode(await png(pixels, 5, 7), [5, 7], 'x.png')).pixels).toEqual(pixels);
  });

  test('applies the EXIF orientation', async () => {
    const file = await sharp(halves(8, 16), { raw: { height: 8, width: 16, channels: 3 } })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .withMetadata({ orientation: 6 }) // to be turned a quarter clockwise: left becomes top
      .toBuffer();
    const { pixels, height, width } = await decode(file, undefined, 'turned.jpg');
    expect([height, width]).toEqual([16, 8]);
    expect(Array.from(pixels.subarray(0, 3))).toEqual([254, 0, 0]);
    expect(Array.from(pixels.subarray(7 * 3, 8 * 3))).toEqual([254, 0, 0]); // top right: red as well
    expect(pixels[(15 * 8 + 0) * 3 + 2]).toBeGreaterThan(250); // bottom left: blue
    expect(await probeSize(file, 'turned.jpg')).toEqual([16, 8]);
  });

  test('brings CMYK to sRGB', async () => {
    const file = await sharp(plain(8, 8, [250, 20, 30]), { raw: { height: 8, width: 8, channels: 3 } })
      .toColourspace('cmyk')
      .jpeg({ quality: 100 })
      .toBuffer();
    expect((await sharp(file).metadata()).space).toBe('cmyk');
    const { pixels } = await decode(file, undefined, 'cmyk.jpg');
    expect(pixels.length).toBe(8 * 8 * 3);
    expect(pixels[0]).toBeGreaterThan(180);
    expect(pixels[1]).toBeLessThan(90);
    expect(pixels[2]).toBeLessThan(90);
  });

  test('brings 16-bit colour and 16-bit gray to 8 bits', async () => {
    const deep = Uint16Array.from({ length: 12 }, (_, i) => [0, 0x8000, 0xffff][i % 3]);
    const rgb = await sharp(deep, { raw: { height: 2, width: 2, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await sharp(rgb).metadata()).depth).toBe('ushort');
    expect(Array.from((await decode(rgb, undefined, 'deep.png')).pixels.subarray(0, 3))).toEqual([
      0, 128, 255,
    ]);
    const levels = Uint16Array.from([0, 0x4000, 0x8000, 0xffff]);
    const mono = await sharp(levels, { raw: { height: 2, width: 2, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect((await sharp(mono).metadata()).space).toBe('grey16');
    expect(Array.from((await decode(mono, undefined, 'deep.png')).pixels)).toEqual([
      0, 0, 0, 64, 64, 64, 128, 128, 128, 255, 255, 255,
    ]);
  });

  test('makes three equal channels of gray', async () => {
    const file = await encode(Uint8Array.from([0, 50, 100, 255]), 2, 2, 1, 'png');
    expect((await sharp(file).metadata()).channels).toBe(1);
    expect(Array.from((await decode(file, undefined, 'gray.png')).pixels)).toEqual([
      0, 0, 0, 50, 50, 50, 100, 100, 100, 255, 255, 255,
    ]);
  });

  test('flattens transparency on white', async () => {
    const file = await png(
      Uint8Array.from([255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 0, 10, 20, 30, 255]),
      2,
      2,
    );
    expect(Array.from((await decode(file, undefined, 'alpha.png')).pixels)).toEqual([
      255, 0, 0, 255, 255, 255, 255, 255, 255, 10, 20, 30,
    ]);
  });

  test('takes the first page of an animation', async () => {
    const pages = await Promise.all([plain(4, 4, RED), plain(4, 4, BLUE)].map((page) => png(page, 4, 4)));
    const file = await sharp(pages, { join: { animated: true } })
      .gif()
      .toBuffer();
    expect((await sharp(file).metadata()).pages).toBe(2);
    const { pixels, height } = await decode(file, undefined, 'moving.gif');
    expect(height).toBe(4);
    expect(pixels).toEqual(plain(4, 4, RED));
  });

  /** A GIF by its specification: a screen, colours (black, red, green, blue), a comment, one frame of red, green, blue, … */
  function gif(
    screen: readonly [number, number],
    [left, top, width, height]: readonly number[],
    control: readonly number[] = [],
  ): Buffer {
    const short = (...values: number[]) => values.flatMap((value) => [value & 255, value >> 8]);
    const colours = [0, 0, 0, ...RED, 0, 255, 0, ...BLUE];
    const codes = Array.from({ length: width * height }, (_, i) => [4, 1 + (i % 3)]).flat(); // each after a reset
    const bits = [...codes, 5].map((code) => code.toString(2).padStart(3, '0')).toReversed();
    const packed = bits.join('').padStart(8 * Math.ceil(bits.length * 0.375), '0');
    const data = (packed.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)).toReversed();
    const head = [...Buffer.from('GIF89a'), ...short(...screen), 0x81, 2, 0, ...colours];
    const comment = [0x21, 0xfe, 2, 0x2c, 0x2c, 1, 0x2c, 0];
    const frame = [0x2c, ...short(left, top, width, height), 0, 2, data.length, ...data, 0];
    return Buffer.from([...head, ...comment, ...control, ...frame, 0x3b]);
  }

  test('what the first frame of a GIF leaves free is white, as what is transparent', async () => {
    const white = [255, 255, 255];
    const [green, transparentGreen] = [
      [0, 255, 0],
      [0x21, 0xf9, 4, 1, 0, 0, 2, 0],
    ];
    const inside = async (file: Buffer, width: number) => {
      const { pixels } = await decode(file, undefined, 'a.gif');
      return Array.from({ length: pixels.length / 3 / width }, (_, row) => [
        ...pixels.subarray(row * width * 3, (row + 1) * width * 3),
      ]);
    };
    const blank = [...white, ...white, ...white, ...white, ...white];
    expect(await inside(gif([5, 4], [1, 1, 3, 2]), 5)).toEqual([
      blank,
      [...white, ...RED, ...green, ...BLUE, ...white],
      [...white, ...RED, ...green, ...BLUE, ...white],
      blank,
    ]);
    expect(await inside(gif([5, 2], [0, 0, 3, 1], transparentGreen), 5)).toEqual([
      [...RED, ...white, ...BLUE, ...white, ...white],
      blank,
    ]);
    expect(await inside(gif([3, 1], [0, 0, 3, 1]), 3)).toEqual([[...RED, ...green, ...BLUE]]);
  });

  test('covers the size and crops both sides evenly', async () => {
    const wide = plain(8, 24, [0, 255, 0]); // red | green | blue, a third each
    for (let row = 0; row < 8; row++) {
      for (let column = 0; column < 8; column++) {
        wide.set(RED, (row * 24 + column) * 3);
        wide.set(BLUE, (row * 24 + 16 + column) * 3);
      }
    }
    const { pixels } = await decode(await png(wide, 8, 24), [8, 8], 'wide.png');
    expect(pixels).toEqual(plain(8, 8, [0, 255, 0]));
    const larger = await decode(await png(wide, 8, 24), [16, 16], 'wide.png');
    expect([larger.height, larger.width]).toEqual([16, 16]);
    const middle = (8 * 16 + 8) * 3;
    expect(Array.from(larger.pixels.subarray(middle, middle + 3))).toEqual([0, 255, 0]);
  });

  // Digests of what torchvision 0.14 gives: CenterCrop(side)(Resize(side)(image)) of the same noise as a PIL image.
  test.each([
    [75, 100, 32, 'd8623c63dee919ff'],
    [101, 67, 32, '15cc92981d50d281'],
    [20, 33, 48, 'c9912d3941ed549f'],
    [64, 64, 7, '6b403ba045c55cd2'],
    [300, 40, 40, 'fe9916dbe40c00c5'],
    [33, 32, 32, '636438298cd001d2'],
    [1, 9, 4, '720e458ab3758668'],
  ])(
    '%i × %i pixels brought to %i² are the very pixels of torchvision',
    async (height, width, side, digest) => {
      const raw = { pixels: noise(height, width, height), height, width };
      const { pixels } = await decode(raw, [side, side], 'noise');
      expect(createHash('sha256').update(pixels).digest('hex').slice(0, 16)).toBe(digest);
      const file = await png(raw.pixels, height, width);
      expect((await decode(file, [side, side], 'noise.png')).pixels).toEqual(pixels);
    },
  );

  test('sizes that are no square are covered and cropped evenly, too', async () => {
    const image = { pixels: noise(30, 50), height: 30, width: 50 };
    for (const size of [
      [10, 40],
      [40, 10],
      [30, 20],
      [1, 1],
    ] as const) {
      const found = await decode(image, size, 'noise');
      expect([found.height, found.width, found.pixels.length]).toEqual([...size, size[0] * size[1] * 3]);
    }
    const cropped = (await decode(image, [30, 20], 'noise')).pixels; // only cut: rows 15 … 34 of 50
    for (let row = 0; row < 30; row++) {
      expect(cropped.subarray(row * 60, row * 60 + 60)).toEqual(
        image.pixels.subarray((row * 50 + 15) * 3, (row * 50 + 35) * 3),
      );
    }
  });

  test('applies a colour profile that says something else than sRGB', async () => {
    const file = await sharp(plain(8, 8, [40, 200, 90]), { raw: { height: 8, width: 8, channels: 3 } })
      .withIccProfile('p3')
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const asStored = await sharp(file, { ignoreIcc: true }).raw().toBuffer();
    const { pixels } = await decode(file, undefined, 'p3.jpg');
    expect(asStored[0]).toBeGreaterThan(60); // P3 has a greener green, so sRGB's takes more red there
    expect(Math.abs(pixels[0] - 40)).toBeLessThan(6);
    expect(hasUsualProfile(file)).toBe(false);
    expect(hasUsualProfile(await png(noise(2, 2), 2, 2))).toBe(false);
    expect(hasUsualProfile(file.subarray(0, 30))).toBe(false);
  });

  test('hands raw pixels of the right size through, and resizes others', async () => {
    const raw = { pixels: noise(6, 6), height: 6, width: 6 };
    expect((await decode(raw, [6, 6], 'raw')).pixels).toBe(raw.pixels);
    expect((await decode(raw, undefined, 'raw')).pixels).toBe(raw.pixels);
    const flat = { pixels: plain(6, 6, [9, 8, 7]), height: 6, width: 6 };
    expect(await decode(flat, [3, 2], 'raw')).toEqual({
      pixels: plain(3, 2, [9, 8, 7]),
      height: 3,
      width: 2,
    });
    expect(await probeSize(raw, 'raw')).toEqual([6, 6]);
  });

  test('1 × 1 and 1 × N images work', async () => {
    expect(await decode(await png(Uint8Array.from([1, 2, 3]), 1, 1), [2, 2], 'dot.png')).toEqual({
      pixels: plain(2, 2, [1, 2, 3]),
      height: 2,
      width: 2,
    });
    const line = await decode(await png(noise(1, 9), 1, 9), undefined, 'line.png');
    expect([line.height, line.width]).toEqual([1, 9]);
  });
});

describe('files that are no whole image', () => {
  test.each(['jpeg', 'png', 'webp', 'gif', 'tiff'] as const)('a %s cut in half', async (format) => {
    const whole = await sharp(noise(64, 64), { raw: { height: 64, width: 64, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    const error = await failure(decode(cutInHalf(whole), [32, 32], 'cut.file'));
    expect(error).toMatchObject({ code: 'FILE', file: 'cut.file' });
    expect(error.message).toMatch(
      /^"cut\.file" (cannot be decoded, it is damaged or cut short: |is not an image)/,
    );
  });

  test('a progressive JPEG cut near its end, also when it is shrunk while loading', async () => {
    const whole = await sharp(noise(256, 256), { raw: { height: 256, width: 256, channels: 3 } })
      .jpeg({ progressive: true })
      .toBuffer();
    const error = await failure(decode(whole.subarray(0, whole.length * 0.9), [32, 32], 'cut.jpg'));
    expect(error.message).toMatch(
      /"cut\.jpg" cannot be decoded, it is damaged or cut short: .*premature end/,
    );
  });

  test('an empty file', async () => {
    const error = await failure(decode(new Uint8Array(0), undefined, 'a/none.jpg'));
    expect(error).toMatchObject({ code: 'FILE', file: 'a/none.jpg' });
    expect(error.message).toMatch(/^"a\/none\.jpg" is empty$/);
    expect((await failure(probeSize(new Uint8Array(0), 'none.jpg'))).message).toMatch(/"none\.jpg" is empty/);
  });

  test('a text file called .jpg', async () => {
    const text = Buffer.from('this is a text file, whatever its name says');
    for (const attempt of [() => decode(text, [8, 8], 'text.jpg'), () => probeSize(text, 'text.jpg')]) {
      const error = await failure(attempt());
      expect(error).toMatchObject({ code: 'FILE', file: 'text.jpg' });
      expect(error.message).toMatch(
        /^"text\.jpg" is not an image that can be read \(JPEG, PNG, WebP, GIF, TIFF, AVIF\)$/,
      );
    }
  });
});

test('a thin image that is to cover a wide size is cropped to its middle', async () => {
  // Resized, it would have more rows (or columns) than an int of 32 bits can say: 262200 · 16384 = 2^32 + 917504.
  const [length, wide] = [262_200, 16_384];
  const isMiddle = (i: number) => Math.abs(i - length / 2 + 0.5) < 4;
  const line = Uint8Array.from({ length: 3 * length }, (_, i) =>
    i % 3 === Number(isMiddle(Math.floor(i / 3))) ? 255 : 0,
  );
  for (const [height, width, size] of [
    [length, 1, [64, wide]],
    [1, length, [wide, 64]],
  ] as const) {
    const { pixels } = await decode(await png(line, height, width), size, 'thin.png');
    expect(pixels).toHaveLength(64 * wide * 3);
    expect(pixels.every((value, i) => value === (i % 3 === 1 ? 255 : 0))).toBe(true);
  }
});

test('an image of a thousand million pixels is refused before it is decoded', async () => {
  const vast = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="32000" height="32000"></svg>');
  const error = await failure(decode(vast, [8, 8], 'vast.png'));
  expect(error).toMatchObject({ code: 'FILE', file: 'vast.png' });
  expect(error.message).toMatch(/"vast\.png" is too large: it has more than 268 million pixels/);
});

describe('encode', () => {
  test.each([1, 3, 4] as const)('png and webp give %i channels back as they were', async (channels) => {
    const pixels = Uint8Array.from({ length: 5 * 6 * channels }, (_, i) => (i * 37) % 256);
    if (channels === 4) for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255 - (i % 3);
    const file = await encode(pixels, 5, 6, channels, 'png');
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    expect(info.channels === channels || channels === 1).toBe(true);
    expect((await sharp(file).metadata()).channels).toBe(channels);
    if (channels !== 1) expect(new Uint8Array(data)).toEqual(pixels);
    expect(await encode(pixels, 5, 6, channels, 'png')).toEqual(file);
    const webp = await encode(pixels, 5, 6, channels, 'webp');
    const back = await sharp(webp).raw().toBuffer();
    if (channels === 3) expect(new Uint8Array(back)).toEqual(pixels);
  });

  test('jpeg is of high quality, full chroma, and the same every time', async () => {
    const pixels = halves(16, 16);
    const file = await encode(pixels, 16, 16, 3, 'jpeg');
    expect((await sharp(file).metadata()).chromaSubsampling).toBe('4:4:4');
    expect(await encode(pixels, 16, 16, 3, 'jpeg')).toEqual(file);
    const { pixels: back } = await decode(file, undefined, 'x');
    expect(Math.max(...back.map((value, i) => Math.abs(value - pixels[i])))).toBeLessThan(8);
    expect((await encode(noise(64, 64), 64, 64, 3, 'jpeg', 20)).length).toBeLessThan(
      (await encode(noise(64, 64), 64, 64, 3, 'jpeg')).length,
    );
  });

  test('refuses pixels of another length', async () => {
    const error = await failure(encode(new Uint8Array(11), 2, 2, 3, 'png'));
    expect(error).toMatchObject({ code: 'ARGUMENT', argument: 'pixels' });
    expect(error.message).toMatch(/Expected 2 × 2 × 3 bytes for pixels but received Uint8Array of length 11/);
  });
});

test('a photograph-like JPEG is resized the same way twice', async () => {
  const file = await jpeg(noise(100, 150), 100, 150);
  expect(await decode(file, [32, 32], 'x')).toEqual(await decode(file, [32, 32], 'x'));
});
