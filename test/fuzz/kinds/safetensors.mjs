/** Checkpoints and weights: evaluated, resumed, loaded. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { trainApi } from '../lib/api.mjs';
import { changeBytes, NUMBERS } from '../lib/bytes.mjs';
import { changeJson, toText } from '../lib/json.mjs';
import { must, outcomeOf } from '../lib/oracle.mjs';
import { small } from '../lib/pictures.mjs';
import { trainedFiles, trainer } from '../lib/trained.mjs';

const { evaluate, Trainer } = trainApi;

const METADATA = '__metadata__';

async function seeds(folder) {
  const images = {
    'data/cat/1.png': await small(1),
    'data/cat/2.png': await small(2),
    'data/dog/1.png': await small(3),
  };
  const trained = await trainedFiles(folder);
  const of = (name, bytes) => ({ name, files: { 'model.safetensors': bytes, ...images }, options: {} });
  return [
    of('checkpoint', trained['checkpoint.safetensors']),
    of('weights', trained['weights.safetensors']),
    of('halves', asHalves(trained['weights.safetensors'])),
  ];
}

function partsOf(bytes) {
  const length = Number(bytes.readBigUInt64LE(0));
  return { header: JSON.parse(bytes.toString('utf8', 8, 8 + length)), data: bytes.subarray(8 + length) };
}

function encode(header, data, length) {
  const text = Buffer.from(toText(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const begin = Buffer.alloc(8);
  begin.writeBigUInt64LE(BigInt(length ?? padded.length));
  return Buffer.concat([begin, padded, data]);
}

/** The upper halves of float32 are bfloat16. */
function asHalves(bytes) {
  const { header, data } = partsOf(bytes);
  const halves = Buffer.alloc(data.length / 2);
  for (let i = 0; i < halves.length; i += 2) data.copy(halves, i, 2 * i + 2, 2 * i + 4);
  for (const [name, one] of Object.entries(header)) {
    if (name !== METADATA)
      header[name] = { ...one, dtype: 'BF16', data_offsets: one.data_offsets.map((at) => at / 2) };
  }
  return encode(header, halves);
}

/** The checksum of a checkpoint made right for its header, so that what it says is looked at. */
function sealed(header, data) {
  const { [METADATA]: notes, ...entries } = header;
  if (typeof notes?.info !== 'string') return header;
  const hash = createHash('sha256').update(notes.info);
  for (const [name, one] of Object.entries(entries)) {
    const [from, to] = Array.isArray(one?.data_offsets) ? one.data_offsets : [];
    const numbers = Array.isArray(one?.shape) ? [...one.shape, from, to] : [undefined];
    if (!numbers.every(Number.isInteger)) return header; // refused before the checksum is looked at
    hash.update(`\0${name}\0${one.shape.join()}\0`).update(data.subarray(from, to));
  }
  return { ...header, [METADATA]: { ...notes, sha256: hash.digest('hex') } };
}

function change(random, seed, all) {
  const bytes = seed.files['model.safetensors'];
  const make = () => {
    const { header, data } = partsOf(bytes);
    if (header[METADATA]?.info && random.oneIn(2)) {
      // What a checkpoint says of itself.
      const info = changeJson(random, JSON.parse(header[METADATA].info));
      header[METADATA].info = random.oneIn(12) ? toText(info).slice(0, -1) : toText(info);
      return encode(sealed(header, data), data);
    }
    if (random.oneIn(4)) {
      const numbers = Buffer.from(data);
      for (let left = 3; left > 0; left--)
        numbers.writeFloatLE(
          random.pick([NaN, Infinity, 1e38, -1e38, 0, 1e-45]),
          4 * random.below(data.length / 4),
        );
      return encode(sealed(header, numbers), numbers);
    }
    const other = changeJson(random, header);
    const isObject = other !== null && typeof other === 'object' && !Array.isArray(other);
    return encode(
      isObject ? sealed(other, data) : other,
      data,
      random.oneIn(10) ? random.pick(NUMBERS) : undefined,
    );
  };
  const made = random.oneIn(4)
    ? changeBytes(random, bytes, random.pick(all).files['model.safetensors'])
    : make();
  return { files: { ...seed.files, 'model.safetensors': made }, options: {} };
}

async function run(folder) {
  const path = join(folder, 'model.safetensors');
  const found = await outcomeOf(evaluate({ model: path, data: join(folder, 'data'), batch: 2, threads: 1 }));
  if (found.result)
    must(
      found.result.images === 3 && found.result.top1Error >= 0 && found.result.top1Error <= 1,
      `an error of ${found.result.top1Error}`,
    );
  const resumed = await outcomeOf(Trainer.resume(path, { threads: 1 }));
  await resumed.result?.close();
  await outcomeOf((await trainer()).loadSafetensors(path));
  return found;
}

export const safetensors = { seeds, change, run };
