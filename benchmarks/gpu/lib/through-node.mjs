// The package as a program has it: mixer.mix of arrays in this process's memory, and of batches that stay on the card.
import { checkEqual } from '../../lib/compare.mjs';
import { numbers } from '../../lib/inputs.mjs';

const CLASSES = 1000;
const FORMATS = [
  { layout: 'NHWC', dtype: 'uint8' },
  { layout: 'NCHW', dtype: 'float16', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
];
const nameOf = ({ layout, dtype }) => `${dtype} ${layout}`;

function sizesOf(host) {
  if (host) return [{ name: 'large', count: 4, side: 48, batches: 2 }];
  return [
    { name: 'large', count: 256, side: 224, batches: 4 },
    { name: 'small', count: 4096, side: 32, batches: 8 },
  ];
}

function drawBatches({ count, side, batches }) {
  const random = numbers(7);
  const noise = Uint8Array.from({ length: 1 << 20 }, () => 40 * random());
  return Array.from({ length: batches }, (_, b) => {
    const data = new Uint8Array(count * side * side * 3);
    for (let at = 0; at < data.length; at++) {
      const pixel = Math.floor(at / 3);
      data[at] = (pixel % side) + ((pixel >> 9) & 63) + noise[(at * (b + 1)) & 0xfffff];
    }
    return { data, shape: [count, side, side, 3] };
  });
}

/** `ways`: how many calls are under way at once. Milliseconds of one batch, a number for each round. */
async function timeCalls(call, ways, rounds, perRound) {
  const times = [];
  let next = 0;
  const worker = async (lane, end) => {
    while (next < end) await call(next++, lane);
  };
  for (let round = -2; round < rounds; round++) {
    const end = next + perRound;
    const begin = performance.now();
    await Promise.all(Array.from({ length: ways }, (_, lane) => worker(lane, end)));
    if (round >= 0) times.push((performance.now() - begin) / perRound);
  }
  return times;
}

/** The same bytes and boxes as the CPU backend's. */
async function checkAgainstCpu(library, settings, batch, labels, output, found) {
  const wanted = await library
    .createMixer({ ...settings, backend: 'cpu' })
    .mix(batch, labels, { batch: 0, output });
  checkEqual(new Uint8Array(found.images.data.buffer), new Uint8Array(wanted.images.data.buffer), 'pixels');
  checkEqual(found.labels, wanted.labels, 'labels');
}

async function measureSize(library, size, { backend, rounds, perRound }, take) {
  const settings = { method: 'saliencymix', classes: CLASSES, seed: 1, backend };
  const labels = Int32Array.from({ length: size.count }, (_, i) => i % CLASSES);
  const batches = drawBatches(size);
  const mixer = library.createMixer(settings);
  const resident = [];
  for (const batch of batches) resident.push(await library.uploadBatch(batch, { backend }));
  for (const output of FORMATS) {
    const first = await mixer.mix(batches[0], labels, { batch: 0, output });
    await checkAgainstCpu(library, settings, batches[0], labels, output, first);
    const places = {
      'from and to host memory': { from: batches, into: [first.images.data, first.images.data.slice()] },
      'on the device': {
        from: resident,
        into: [
          (await mixer.mix(resident[0], labels, { output })).images,
          (await mixer.mix(resident[0], labels, { output })).images,
        ],
      },
    };
    for (const [where, { from, into }] of Object.entries(places)) {
      for (const ways of [1, 2]) {
        const call = (i, lane) =>
          mixer.mix(from[i % from.length], labels, { batch: i, output, into: into[lane] });
        const ms = await timeCalls(call, ways, rounds, perRound);
        take({
          kind: 'node',
          where,
          gives: nameOf(output),
          size: size.name,
          images: size.count,
          side: size.side,
          ways,
          ms,
        });
      }
    }
    for (const batch of places['on the device'].into) batch.free();
  }
  for (const batch of resident) batch.free();
}

export async function measureThroughNode(library, { host, quick }, take) {
  const backend = host ? 'cpu' : 'cuda';
  const found = library.backends().find(({ name }) => name === backend);
  if (!found?.available) {
    take({ kind: 'left', name: 'the package through Node', why: found?.reason ?? 'no such backend' });
    return;
  }
  const settings = { backend, rounds: quick || host ? 5 : 31, perRound: quick || host ? 2 : 8 };
  for (const size of sizesOf(host)) await measureSize(library, size, settings, take);
}
