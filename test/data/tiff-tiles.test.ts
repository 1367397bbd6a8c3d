/** TIFF files whose rows are cut into so many tiles that libvips would be at work for hours. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { decode, probeSize } from '../../src/data/codec';
import { failure } from './fixtures';

const tiles = readFileSync(path.join(__dirname, '..', 'golden', 'decoding', 'files', 'rgb8-tiles.tif'));
const WIDTH = 256;

/** The file with another width in its first directory. */
function widened(width: number): Buffer {
  const file = Buffer.from(tiles);
  const start = file.readUInt32LE(4);
  for (let i = 0, at = start + 2; i < file.readUInt16LE(start); i++, at += 12) {
    if (file.readUInt16LE(at) !== WIDTH) continue;
    file.writeUInt16LE(4, at + 2); // as a number of 32 bits
    file.writeUInt32LE(width, at + 8);
  }
  return file;
}

test('a file in tiles is decoded', async () => {
  expect(await probeSize(tiles, 'tiles.tif')).toEqual([22, 30]);
  expect(await decode(tiles, undefined, 'tiles.tif')).toMatchObject({ height: 22, width: 30 });
});

test('rows of a quarter of a million tiles are refused in words, at once', async () => {
  const start = Date.now();
  for (const read of [
    decode(widened(4_194_313), [8, 8], 'wide.tif'),
    probeSize(widened(4_194_313), 'wide.tif'),
  ]) {
    const error = await failure(read);
    expect(error.code).toBe('FILE');
    expect(error.message).toBe(
      '"wide.tif" is cut into 262145 × 2 tiles, which would take long to decode: save it with larger tiles, or in strips',
    );
  }
  expect(Date.now() - start).toBeLessThan(1000);
});
