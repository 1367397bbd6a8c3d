/** JPEG files of many scans: small, valid, and hours of work. Written by the format's definition (ITU-T T.81). */
import path from 'node:path';
import { openDataset } from '../../src';
import { hasTooManyScans, MOST_SCANS } from '../../src/data/jpeg-scans';
import { jpeg, noise, plain, png, put, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();

function segment(marker: number, content: Uint8Array): Buffer {
  const length = content.length + 2;
  return Buffer.concat([Buffer.from([0xff, marker, length >> 8, length & 255]), content]);
}

/** The bits of a text of 0 and 1, as the data of a scan: filled up with ones. */
function bits(text: string): Buffer {
  const bytes = text.match(/.{1,8}/g) ?? [];
  return Buffer.from(
    bytes.flatMap((byte) => (byte === '11111111' ? [0xff, 0] : [Number.parseInt(byte.padEnd(8, '1'), 2)])),
  );
}

/** A gray progressive image of side × side pixels, all of one colour, in so many scans (2 … 883). */
function manyScans(side: number, scans: number): Buffer {
  const blocks = Math.ceil(side / 8) ** 2;
  if (blocks < 16384 || blocks > 32767) throw new Error('one run of empty blocks must reach');
  const sides = [side >> 8, side & 255];
  const table = (kind: number, symbol: number) =>
    segment(0xc4, Uint8Array.from([kind << 4, 0, 1, ...Array.from({ length: 14 }, () => 0), symbol]));
  const scan = (first: number, last: number, bitsBefore: number, bitsNow: number, data: Buffer) =>
    Buffer.concat([
      segment(0xda, Uint8Array.from([1, 1, 0, first, last, (bitsBefore << 4) | bitsNow])),
      data,
    ]);
  const parts = [
    Buffer.from([0xff, 0xd8]),
    segment(0xdb, new Uint8Array(65).fill(1).fill(0, 0, 1)),
    segment(0xc2, Uint8Array.from([8, ...sides, ...sides, 1, 1, 0x11, 0])),
    table(0, 0), // no difference: 00
    table(1, 0xe0), // a run of 2^14 and more empty blocks: 00 and 14 bits
    scan(0, 0, 0, 0, bits('00'.repeat(blocks))),
  ];
  const empty = bits(`00${(blocks - 16384).toString(2).padStart(14, '0')}`);
  for (let made = 1; made < scans; made++) {
    const [coefficient, step] = [1 + Math.floor((made - 1) / 14), (made - 1) % 14];
    parts.push(scan(coefficient, coefficient, step === 0 ? 0 : 14 - step, 13 - step, empty));
  }
  return Buffer.concat([...parts, Buffer.from([0xff, 0xd9])]);
}

async function load(file: Uint8Array) {
  const root = path.join(temporary, `set-${Math.random()}`);
  put(root, 'a/whole.png', await png(plain(8, 8, [1, 2, 3]), 8, 8));
  put(root, 'b/scans.jpg', file);
  const dataset = await openDataset(root);
  for await (const { images, ids, holes } of dataset.batches({ size: 16, shuffle: false, onBad: 'skip' }))
    return { pixels: images.data, ids, faults: holes.map(({ error }) => error.message) };
  throw new Error('no batch');
}

const SIDE = 1024;

test('as many as are decoded', async () => {
  const { pixels, ids } = await load(manyScans(SIDE, MOST_SCANS));
  expect(ids).toEqual(['a/whole.png', 'b/scans.jpg']);
  expect(new Set(pixels.subarray(16 * 16 * 3))).toEqual(new Set([128]));
});

test.each([MOST_SCANS + 1, 883])('%i scans are refused in words, at once', async (scans) => {
  const file = manyScans(SIDE, scans);
  const start = Date.now();
  const { ids, faults } = await load(file);
  expect(ids).toEqual(['a/whole.png']);
  expect(faults).toEqual([
    '"b/scans.jpg" has more than 100 scans, which would take long to decode: save it again',
  ]);
  expect(Date.now() - start).toBeLessThan(2000);
});

test('what looks like a scan elsewhere does not count', async () => {
  const whole = await jpeg(noise(64, 64), 64, 64);
  const thumbnails = segment(0xe1, Buffer.from('ffda0008010100003f00'.repeat(200), 'hex'));
  const file = Buffer.concat([whole.subarray(0, 2), thumbnails, whole.subarray(2)]);
  expect(hasTooManyScans(file)).toBe(false);
  expect((await load(file)).ids).toContain('b/scans.jpg');
  expect(hasTooManyScans(file.subarray(0, 1000))).toBe(false);
  expect(hasTooManyScans(Buffer.alloc(5, 0xff))).toBe(false);
});
