/** Image files, in all forms of their format that the decoding tests have, beside one that is whole. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharp } from '../lib/api.mjs';
import { changeBytes, NUMBERS } from '../lib/bytes.mjs';
import { filesIn, readData } from '../lib/data.mjs';
import { must } from '../lib/oracle.mjs';

const GOLDEN = join(import.meta.dirname, '..', '..', 'golden', 'decoding', 'files');

/** A small picture. */
function picture(height, width) {
  const pixels = Buffer.from(Array.from({ length: height * width * 3 }, (_, i) => (i * 37) % 251));
  return sharp(pixels, { raw: { height, width, channels: 3 } });
}

/** The files of the decoding tests that this sharp decodes, and `more`. */
async function seedsOf(endings, more) {
  const names = readdirSync(GOLDEN).filter((name) => endings.includes(name.split('.').at(-1)));
  const found = names.map((name) => ({ name, bytes: readFileSync(join(GOLDEN, name)) }));
  const good = await picture(20, 18).png().toBuffer();
  return [...found, ...(await more())].map(({ name, bytes }) => ({
    name,
    files: { 'a/whole.png': good, [`b/changed.${endings[0]}`]: bytes },
    options: { size: [24, 24] },
    mayBeRefused: true, // some of the decoding tests' files are there to be refused
  }));
}

/** Every file is an item or a problem. */
const accountedFor =
  (files) =>
  ({ length, problems, leftOut }) => {
    const told = length + problems.length + Object.values(leftOut).reduce((a, b) => a + b, 0);
    must(told === files, `${told} of ${files} files are accounted for`);
  };

/** Changed images of a case. They are decoded in one call. */
const EACH = 4;

function images(endings, { more = async () => [], form } = {}) {
  const change = (random, seed, all) => {
    const { 'a/whole.png': whole } = seed.files;
    const files = { 'a/whole.png': whole };
    const bytesOf = ({ files: own }) => own[`b/changed.${endings[0]}`];
    for (let i = 0; i < EACH; i++) {
      const bytes = bytesOf(i === 0 ? seed : random.pick(all));
      const other = bytesOf(random.pick(all));
      const asForm = form && random.oneIn(2);
      files[`b/${i}.${endings[0]}`] = asForm ? form(random, bytes, other) : changeBytes(random, bytes, other);
    }
    const size = random.pick([[24, 24], [7, 31], [64, 1], 'auto', 'keep']);
    return { files, options: { size, mix: random.oneIn(4) } };
  };
  const run = (folder, { size, mix }) =>
    readData(folder, { size, mix, accept: accountedFor(filesIn(folder).length) });
  return { seeds: () => seedsOf(endings, more), change, run };
}

/** The segments of a JPEG up to the first scan: marker, and bytes with their length. */
function segmentsOf(bytes) {
  const segments = [];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length || end <= at + 3) break;
    segments.push(bytes.subarray(at, end));
    at = end;
  }
  return { segments, rest: bytes.subarray(at) };
}

/** Whole segments of a JPEG dropped, repeated, moved, or changed within, their lengths kept right. */
function jpegForm(random, bytes, other) {
  const { segments, rest } = segmentsOf(bytes);
  if (segments.length === 0) return changeBytes(random, bytes, other);
  const at = random.below(segments.length);
  const theirs = segmentsOf(other).segments;
  const inner = () => {
    const body = changeBytes(random, segments[at].subarray(4)).subarray(0, 65_000);
    const head = Buffer.from(segments[at].subarray(0, 4));
    head.writeUInt16BE(body.length + 2, 2);
    return Buffer.concat([head, body]);
  };
  const made = random.pick([
    () => segments.toSpliced(at, 1),
    () => segments.toSpliced(random.below(segments.length), 0, segments[at]),
    () => segments.toSpliced(at, 1, ...(theirs.length > 0 ? [random.pick(theirs)] : [])),
    () => segments.with(at, inner()),
    () => segments.with(at, inner()),
  ])();
  const scans = random.oneIn(3) ? changeBytes(random, rest, segmentsOf(other).rest) : rest;
  return Buffer.concat([Buffer.from([0xff, 0xd8]), ...made, scans]);
}

const CRC = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});
const crcOf = (bytes) => ~bytes.reduce((c, byte) => CRC[(c ^ byte) & 255] ^ (c >>> 8), 0xffffffff) >>> 0;

/** A chunk of a PNG with its length and checksum. */
function chunk(type, body) {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length);
  type.copy(head, 4);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crcOf(Buffer.concat([type, body])));
  return Buffer.concat([head, body, sum]);
}

function chunksOf(bytes) {
  const chunks = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    chunks.push({ type: bytes.subarray(at + 4, at + 8), body: bytes.subarray(at + 8, end - 4) });
    at = end;
  }
  return chunks;
}

/** Chunks of a PNG dropped, repeated, moved, or changed within, their checksums made right. */
function pngForm(random, bytes, other) {
  const chunks = chunksOf(bytes);
  if (chunks.length === 0) return changeBytes(random, bytes, other);
  const theirs = chunksOf(other);
  const at = random.below(chunks.length);
  const made = random.pick([
    () => chunks.toSpliced(at, 1),
    () => chunks.toSpliced(random.below(chunks.length), 0, chunks[at]),
    () => chunks.toSpliced(at, 1, ...(theirs.length > 0 ? [random.pick(theirs)] : [])),
    () => chunks.with(at, { ...chunks[at], body: changeBytes(random, chunks[at].body) }),
    () => chunks.with(0, { ...chunks[0], body: smallHeader(random, chunks[0].body) }),
  ])();
  return Buffer.concat([bytes.subarray(0, 8), ...made.map(({ type, body }) => chunk(type, body))]);
}

/** An IHDR with other sides, depth, colour type. */
function smallHeader(random, body) {
  const copy = Buffer.from(body);
  if (copy.length < 13) return copy;
  const at = random.pick([3, 7, 8, 9, 10, 11, 12]);
  copy[at] = random.pick([0, 1, 2, 3, 4, 6, 8, 16, 255]);
  return copy;
}

/** Entries of the first directory of a TIFF with other tags, types, counts and values. */
function tiffForm(random, bytes) {
  const copy = Buffer.from(bytes);
  const little = copy[0] === 0x49;
  const read16 = (at) => (little ? copy.readUInt16LE(at) : copy.readUInt16BE(at));
  const write16 = (value, at) =>
    little ? copy.writeUInt16LE(value & 0xffff, at) : copy.writeUInt16BE(value & 0xffff, at);
  const write32 = (value, at) =>
    little ? copy.writeUInt32LE(value >>> 0, at) : copy.writeUInt32BE(value >>> 0, at);
  if (copy.length < 8 || read16(2) !== 42) return changeBytes(random, bytes);
  const start = little ? copy.readUInt32LE(4) : copy.readUInt32BE(4);
  if (start + 2 > copy.length) return changeBytes(random, bytes);
  const count = read16(start);
  for (let left = 1 + random.below(2); left > 0; left--) {
    const at = start + 2 + 12 * random.below(Math.max(1, count));
    if (at + 12 > copy.length) break;
    const which = random.below(5);
    if (which === 0)
      write16(
        random.pick([256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 322, 323, 338, 339, 34675]),
        at,
      );
    else if (which === 1) write16(random.below(20), at + 2);
    else if (which === 2) write32(random.pick(NUMBERS), at + 4);
    else write32(random.oneIn(2) ? random.below(20) : random.pick(NUMBERS), at + 8);
  }
  return copy;
}

async function moreJpegs() {
  const of = (height, width, options) => picture(height, width).jpeg(options).toBuffer();
  return [
    { name: 'made-420.jpg', bytes: await of(33, 17, {}) },
    {
      name: 'made-progressive.jpg',
      bytes: await of(40, 40, { progressive: true, chromaSubsampling: '4:4:4' }),
    },
    { name: 'made-one-pixel.jpg', bytes: await of(1, 1, {}) },
  ];
}

export const jpeg = images(['jpg'], { more: moreJpegs, form: jpegForm });
export const png = images(['png'], { form: pngForm });
export const tiff = images(['tif'], { form: tiffForm });
export const webp = images(['webp']);
export const gif = images(['gif']);
export const avif = images(['avif']);
