// PyTorch on the same card: first its results against the package's, then its times.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { numbers } from '../../lib/inputs.mjs';
import { Mismatch } from '../../lib/rounds.mjs';
import { runLines } from './build.mjs';

const SCRIPT = fileURLToPath(new URL('../torch_rivals.py', import.meta.url));
const ABSENT = 4; // what the script ends with where it cannot take part

/** n × height × width, some with odd sides; together they meet every border of the windows. */
const CASES = [
  [4, 224, 224],
  [8, 32, 32],
  [3, 45, 97],
  [2, 250, 31],
];

export function findPython() {
  const wanted = process.env.SALIENCYMIX_BENCH_PYTHON;
  const has = (command) => spawnSync(command, ['-c', 'import torch']).status === 0;
  return (wanted ? [wanted] : ['python3', '/usr/bin/python3']).find(has);
}

function drawImages([count, height, width], random) {
  const data = new Uint8Array(count * height * width * 3);
  for (let i = 0; i < count; i++) {
    const [row, col] = [random() * height, random() * width];
    for (let at = 0; at < height * width; at++) {
      const [y, x] = [Math.floor(at / width), at % width];
      const near = Math.hypot(y - row, x - col) < height / 5 ? 70 : 0;
      const ground = 60 + 40 * Math.sin(x / (3 + i) + y / 11);
      for (let c = 0; c < 3; c++)
        data[(i * height * width + at) * 3 + c] = ground + near + 40 * random() + 10 * c;
    }
  }
  return data;
}

/** Files that the script compares with: images, what the CPU backend finds in them, and how it mixes them. */
async function writeCase(library, shape, folder) {
  const [count, height, width] = shape;
  const random = numbers(count * height + width);
  const batch = { data: drawImages(shape, random), shape: [...shape, 3] };
  const name = shape.join('x');
  const { maps } = await library.saliency(batch, { backend: 'cpu' });
  const mixer = library.createMixer({ method: 'saliencymix', classes: 10, seed: 3, backend: 'cpu' });
  const { images, plan } = await mixer.mix(batch, new Int32Array(count), {
    output: { layout: 'NHWC', dtype: 'uint8' },
  });
  for (const [ending, array] of Object.entries({ images: batch.data, maps, mixed: images.data }))
    writeFileSync(join(folder, `${name}.${ending}`), array);
  const boxes = plan.samples.map(({ to }) => to);
  const shares = Array.from({ length: 64 }, random);
  const cuts = shares.map((share) => library.placeBox(height, width, share, [0, 0]).box);
  return {
    name,
    shape,
    sources: plan.samples.map(({ source }) => source),
    sides: [boxes.map((b) => b.bottom - b.top), boxes.map((b) => b.right - b.left)],
    boxes: boxes.map(({ top, left, bottom, right }) => [top, left, bottom, right]),
    shares,
    cuts: [cuts.map((b) => b.bottom - b.top), cuts.map((b) => b.right - b.left)],
  };
}

export async function writeCases(library, folder) {
  mkdirSync(folder, { recursive: true });
  const cases = [];
  for (const shape of CASES) cases.push(await writeCase(library, shape, folder));
  writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
}

/** Gives why the script cannot take part, if it cannot. */
async function runScript(python, words, device, take) {
  const environment = { PYTHONDONTWRITEBYTECODE: '1' };
  const { status, stderr } = await runLines(
    python,
    [SCRIPT, ...words, '--device', device],
    take,
    environment,
  );
  if (status === 0) return undefined;
  if (status === ABSENT) return stderr.split('\n').at(-1);
  throw new Mismatch(stderr);
}

/** @throws Mismatch where a result of PyTorch's is not the package's */
export async function runRivals(library, { host, quick }, take) {
  const python = findPython();
  if (!python) {
    take({ kind: 'left', name: 'PyTorch', why: 'no Python has it (SALIENCYMIX_BENCH_PYTHON names another)' });
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'saliencymix-rivals-'));
  const device = host ? 'cpu' : 'cuda';
  const settings = [...(quick || host ? ['--quick'] : []), ...(host ? ['--count', '8', '--side', '32'] : [])];
  try {
    await writeCases(library, folder);
    const why =
      (await runScript(python, ['check', folder], device, take)) ??
      (await runScript(python, ['time', ...settings], device, take));
    if (why) take({ kind: 'left', name: 'PyTorch', why });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
