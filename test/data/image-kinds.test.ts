/** What a file is, by its first bytes and by its name's ending. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { decode, probeSize } from '../../src/data/codec';
import { EXTENSIONS, imageKinds, kindOfBytes, kindOfEnding, whyNotDecoded } from '../../src/data/image-kinds';
import { failure, noise } from './fixtures';

const bytesOf = (latin1: string) => Buffer.from(latin1, 'latin1');

function box(type: string, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, content]);
}

/** A HEIC file whose header is whole: one picture of 8 × 6 pixels, in HEVC; the data are none. */
function heic(): Buffer {
  const numbers = (...values: number[]) => Buffer.from(values);
  const name = (text: string) => bytesOf(`${text}\0`);
  const version = numbers(0, 0, 0, 0);
  const hevcConfiguration = Buffer.alloc(23);
  hevcConfiguration.set([1, 1, 0x60, 0, 0, 0, 0x90]);
  hevcConfiguration.set([0x5a, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 0], 12);
  const properties = box(
    'iprp',
    box('ipco', box('hvcC', hevcConfiguration), box('ispe', version, numbers(0, 0, 0, 8, 0, 0, 0, 6))),
    box('ipma', version, numbers(0, 0, 0, 1, 0, 1, 2, 0x81, 2)),
  );
  const meta = (dataAt: number) =>
    box(
      'meta',
      version,
      box('hdlr', version, version, bytesOf('pict'), Buffer.alloc(12), name('')),
      box('pitm', version, numbers(0, 1)),
      box(
        'iloc',
        version,
        numbers(0x44, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, dataAt >> 8, dataAt & 255, 0, 0, 0, 16),
      ),
      box(
        'iinf',
        version,
        numbers(0, 1),
        box('infe', numbers(2, 0, 0, 0, 0, 1, 0, 0), bytesOf('hvc1'), name('')),
      ),
      properties,
    );
  const start = box('ftyp', bytesOf('heic'), version, bytesOf('mif1heic'));
  const dataAt = start.length + meta(0).length + 8;
  return Buffer.concat([start, meta(dataAt), box('mdat', Buffer.alloc(16))]);
}

describe('by the first bytes', () => {
  const folder = path.join(__dirname, '..', 'golden', 'decoding', 'files');

  test.each(readdirSync(folder))('%s is what its name says', (name) => {
    const kind = kindOfBytes(readFileSync(path.join(folder, name)));
    expect(kind).toBeDefined();
    expect(kind).toBe(kindOfEnding(path.extname(name).slice(1)));
  });

  test.each([
    ['ftypavif\0\0\0\0mif1avifmiaf', 'AVIF'],
    ['ftypmif1\0\0\0\0mif1avifmiaf', 'AVIF'],
    ['ftypheic\0\0\0\0mif1heic', 'HEIC'],
    ['ftypmif1\0\0\0\0heixmif1', 'HEIC'],
    ['ftypcrx \0\0\0\0crx isom', 'raw camera'],
    ['ftypisom\0\0\0\0isommp42', undefined],
  ])('a file of boxes, %j', (start, name) => {
    const length = String.fromCharCode(start.length + 4);
    expect(kindOfBytes(bytesOf(`\0\0\0${length}${start}`))?.name).toBe(name);
    expect(kindOfBytes(bytesOf(`\0\0\0${length}${start.slice(0, 7)}`))).toBeUndefined();
  });

  test.each([
    ['II*\0\x10\0\0\0CR\x02\0', 'raw camera'],
    ['II*\0\x10\0\0\0', 'TIFF'],
    ['MM\0+\0\x08\0\0', 'TIFF'],
    ['8BPS\0\x01', 'Photoshop'],
    ['BM is how this text begins, and no picture', undefined],
    ['P3 text', 'PPM'],
    ['P3text', undefined],
    ['', undefined],
    ['\xff\xd8', undefined],
    ['<svg xmlns="http://www.w3.org/2000/svg"/>', undefined],
  ])('%j', (start, name) => {
    expect(kindOfBytes(bytesOf(start))?.name).toBe(name);
  });
});

test('an ending belongs to one kind, and is asked for in any case', () => {
  const endings = imageKinds.flatMap((kind) => kind.endings);
  expect(new Set(endings).size).toBe(endings.length);
  expect(EXTENSIONS).toEqual(['jpg', 'jpeg', 'png', 'webp', 'gif', 'tif', 'tiff', 'avif']);
  expect(kindOfEnding('JPEG')).toMatchObject({ name: 'JPEG', isDecoded: true });
  expect(kindOfEnding('HEIC')).toMatchObject({ name: 'HEIC', isDecoded: false });
  expect(kindOfEnding('txt')).toBeUndefined();
});

test('what is decoded here and what is not are as sharp has it', () => {
  const reads = (ending: string) =>
    Object.values(sharp.format).some(({ input }) => input.buffer && input.fileSuffix?.includes(`.${ending}`));
  for (const { endings, isDecoded } of imageKinds)
    expect([endings, reads(endings[0])]).toEqual([endings, isDecoded]);
});

test('the words', () => {
  expect(whyNotDecoded(kindOfEnding('heic')!)).toBe(
    'is a HEIC image, which this build does not decode; convert it to JPEG or PNG',
  );
  expect(whyNotDecoded(kindOfEnding('exr')!)).toMatch(/^is an OpenEXR image,/);
});

test('a HEIC image is refused in those words, though its header can be read, whatever its name', async () => {
  const file = heic();
  expect(await sharp(file).metadata()).toMatchObject({ compression: 'hevc', width: 8, height: 6 });
  for (const attempt of [() => decode(file, [8, 8], 'phone.jpg'), () => probeSize(file, 'phone.jpg')]) {
    const error = await failure(attempt());
    expect(error).toMatchObject({ code: 'FILE', file: 'phone.jpg' });
    expect(error.message).toBe(`"phone.jpg" ${whyNotDecoded(kindOfEnding('heic')!)}`);
  }
});

test('a TIFF compressed in a way that is not built in is refused in words, not called damaged', async () => {
  const file = await sharp(noise(8, 8), { raw: { height: 8, width: 8, channels: 3 } })
    .tiff({ compression: 'none' })
    .toBuffer();
  const compression = file.indexOf(Buffer.from([0x03, 0x01, 3, 0, 1, 0, 0, 0, 1, 0]));
  file.writeUInt16LE(50_000, compression + 8); // Zstandard
  const error = await failure(decode(file, undefined, 'zstd.tif'));
  expect(error.message).toMatch(
    /^"zstd\.tif" is in a form that this build does not decode \(.*ZSTD.*\); convert it to JPEG or PNG$/,
  );
});
