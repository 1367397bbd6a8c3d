// Image files for the tasks that begin with files: given by --images, or drawn by the package's demo data set.
//
// Everything is made on first use, below the run's temporary folder.
import { createWriteStream, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UsageError } from './options.mjs';

/** Size of a drawn photograph: that of many in ImageNet. Drawn smaller and enlarged, as drawing takes its time. */
const PHOTO = { width: 500, height: 375, quality: 90, drawn: 192 };
/** How many shades a value may be off: with this the files take 4.5 bits a pixel, where a hundred of ImageNet's take 4.4. */
const GRAIN = 22;
const SMALL = 32;
const CIFAR_RECORDS = 10000;

const AMOUNTS = {
  full: { drawn: 300, photos: 960, small: 10000, cifarFiles: 3 },
  quick: { drawn: 24, photos: 24, small: 256, cifarFiles: 1 },
};

/** Pixels of the demo data set's pictures, with their classes. */
async function draw({ openDataset }, count) {
  const dataset = await openDataset({ path: 'demo', demo: { count, size: PHOTO.drawn } });
  const pictures = [];
  for (const [index, { label }] of dataset.items.entries()) {
    const { pixels } = await dataset.source.read(index);
    pictures.push({ pixels, name: dataset.classes[label], label });
  }
  await dataset.close();
  return pictures;
}

/** The i-th of many distinct 32 × 32 views of the pictures: another picture, or another offset and step. */
function smallView(pictures, i) {
  const { pixels, name, label } = pictures[i % pictures.length];
  const turn = Math.floor(i / pictures.length);
  const step = 3 + (turn % 4); // 32 · 6 = 192: the largest just fits
  const room = PHOTO.drawn - SMALL * step + 1;
  const top = (turn * 7) % room;
  const left = (turn * 13) % room;
  const view = new Uint8Array(SMALL * SMALL * 3);
  for (let y = 0, at = 0; y < SMALL; y++) {
    for (let x = 0; x < SMALL; x++) {
      const from = ((top + y * step) * PHOTO.drawn + left + x * step) * 3;
      for (let c = 0; c < 3; c++) view[at++] = pixels[from + c];
    }
  }
  return { view, name, label };
}

/** The grain of a photograph, always the same: without it files are a fourth as large, and decoded in half the time. */
function drawGrain(length) {
  const grain = new Int8Array(length);
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 16) % (GRAIN + 1)) - GRAIN / 2;
  };
  for (let i = 0; i < length; i++) grain[i] = next() + next();
  return grain;
}

async function writePhotos(sharp, pictures, count, folder) {
  const { width, height, quality, drawn } = PHOTO;
  const values = width * height * 3;
  const grain = drawGrain(2 * values);
  for (let i = 0; i < count; i++) {
    const { pixels, name } = pictures[i % pictures.length];
    mkdirSync(join(folder, name), { recursive: true });
    const photo = await sharp(pixels, { raw: { width: drawn, height: drawn, channels: 3 } })
      .resize({ width, height, fit: 'cover' })
      .raw()
      .toBuffer();
    const start = (i * 7919) % values;
    for (let k = 0; k < values; k++) photo[k] = Math.min(Math.max(photo[k] + grain[start + k], 0), 255);
    await sharp(photo, { raw: { width, height, channels: 3 } })
      .jpeg({ quality, chromaSubsampling: '4:4:4' })
      .toFile(join(folder, name, `${String(i).padStart(5, '0')}.jpg`));
  }
}

async function writeTar({ sharp, tar }, pictures, count, file) {
  const pack = tar.pack();
  const written = pipeline(pack, createWriteStream(file));
  for (let i = 0; i < count; i++) {
    const { view, name } = smallView(pictures, i);
    const raw = { width: SMALL, height: SMALL, channels: 3 };
    const bytes = await sharp(view, { raw }).jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer();
    await new Promise((done, failed) => {
      pack.entry({ name: `${name}/${String(i).padStart(6, '0')}.jpg` }, bytes, (error) =>
        error ? failed(error) : done(),
      );
    });
  }
  pack.finalize();
  await written;
}

/** CIFAR-10's binary form: a label byte, then the planes R, G, B. */
function writeCifar(pictures, files, folder) {
  mkdirSync(folder, { recursive: true });
  const plane = SMALL * SMALL;
  for (let number = 1; number <= files; number++) {
    const bytes = new Uint8Array(CIFAR_RECORDS * (1 + 3 * plane));
    for (let i = 0; i < CIFAR_RECORDS; i++) {
      const { view, label } = smallView(pictures, (number - 1) * CIFAR_RECORDS + i);
      const record = i * (1 + 3 * plane);
      bytes[record] = label;
      for (let p = 0; p < plane; p++) {
        for (let c = 0; c < 3; c++) bytes[record + 1 + c * plane + p] = view[3 * p + c];
      }
    }
    writeFileSync(join(folder, `data_batch_${number}.bin`), bytes);
  }
}

/** Whether what was given holds images as small as CIFAR's, judged by the first of them. */
async function isSmall({ openDataset }, path) {
  const dataset = await openDataset(path);
  try {
    for await (const { images } of dataset.batches({ size: 'keep', batch: 1, shuffle: false, prefetch: 0 })) {
      return Math.max(images.shape[1], images.shape[2]) <= 64;
    }
  } finally {
    await dataset.close();
  }
  return false;
}

async function sortGiven(library, paths) {
  const given = {};
  for (const path of paths) {
    if (!statSync(path, { throwIfNoEntry: false })) throw new UsageError(`--images: there is no ${path}`);
    given[(await isSmall(library, path)) ? 'small' : 'photos'] = path;
  }
  return given;
}

/** { photos(), small(), cifar() }: paths of a folder or tar of JPEG photographs, of small JPEGs, of CIFAR files. */
export function createPictures(root, folder, { quick, images }) {
  const require = createRequire(join(root, 'package.json'));
  const library = require('./dist/index.js');
  const tools = { sharp: require('sharp'), tar: require('tar-stream') };
  const amounts = AMOUNTS[quick ? 'quick' : 'full'];
  let drawn;
  let given;
  const made = new Map();
  const once = (name, make) => async () => {
    given ??= await sortGiven(library, images);
    if (given[name]) return { path: given[name], given: true };
    if (!made.has(name)) {
      drawn ??= await draw(library, amounts.drawn);
      const path = join(folder, name === 'small' ? 'small.tar' : name);
      await make(path);
      made.set(name, path);
    }
    return { path: made.get(name), given: false };
  };
  return {
    photos: once('photos', (path) => writePhotos(tools.sharp, drawn, amounts.photos, path)),
    small: once('small', (path) => writeTar(tools, drawn, amounts.small, path)),
    cifar: once('cifar', (path) => writeCifar(drawn, amounts.cifarFiles, path)),
  };
}
