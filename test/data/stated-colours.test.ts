/** Colours that files state by numbers: what is not applied is said. */
import path from 'node:path';
import sharp from 'sharp';
import { describeDataset } from '../../src/data/describe';
import { statedColours } from '../../src/data/stated-colours';
import { plain, png, put, temporaryFolder } from './fixtures';

const work = temporaryFolder();
const RED = plain(8, 8, [255, 0, 0]);

/** PNG, 3rd edition, annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(type: string, data: readonly number[]): Buffer {
  const named = Buffer.concat([Buffer.from(type), Buffer.from(data)]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

/** A PNG with a chunk behind its header. */
async function pngWith(primaries: number, transfer: number, from?: Buffer): Promise<Buffer> {
  const file = from ?? (await png(RED, 8, 8));
  return Buffer.concat([file.subarray(0, 33), chunk('cICP', [primaries, transfer, 0, 1]), file.subarray(33)]);
}

async function avifWith(primaries: number, transfer: number): Promise<Buffer> {
  const file = await sharp(RED, { raw: { height: 8, width: 8, channels: 3 } })
    .avif({ lossless: true })
    .toBuffer();
  const at = file.indexOf('colrnclx') + 8;
  file.writeUInt16BE(primaries, at);
  file.writeUInt16BE(transfer, at + 2);
  return file;
}

test.each([
  [12, 13, 'Display P3'],
  [9, 16, 'BT.2020, HDR (PQ)'],
  [1, 18, 'HDR (HLG)'],
  [1, 13, undefined],
  [2, 2, undefined],
])('primaries %i, transfer %i: %s', async (primaries, transfer, words) => {
  expect(statedColours(await pngWith(primaries, transfer))).toBe(words);
  expect(statedColours(await avifWith(primaries, transfer))).toBe(words);
});

test('a profile counts, and other files state nothing', async () => {
  const image = sharp(RED, { raw: { height: 8, width: 8, channels: 3 } });
  const profiled = await image.clone().withIccProfile('p3').png().toBuffer();
  expect(statedColours(await pngWith(12, 13, profiled))).toBeUndefined();
  expect(statedColours(await png(RED, 8, 8))).toBeUndefined();
  expect(statedColours(await image.jpeg().toBuffer())).toBeUndefined();
});

test('the description of a data set says so', async () => {
  put(work, 'a/1.png', await pngWith(12, 13));
  put(work, 'a/2.png', await png(RED, 8, 8));
  put(work, 'b/3.avif', await avifWith(12, 13));
  put(work, 'b/4.png', await png(RED, 8, 8));
  const { notices, sizes } = await describeDataset(work);
  expect(sizes).toEqual([{ height: 8, width: 8, images: 4 }]);
  expect(notices).toEqual([
    '2 of 4 images looked at state their colours by numbers (Display P3: "a/1.png", "b/3.avif"), which are not applied: they are read as sRGB; convert them to sRGB, or give them a colour profile',
  ]);
  expect((await describeDataset(path.join(work, 'b'))).notices).toHaveLength(1);
});
