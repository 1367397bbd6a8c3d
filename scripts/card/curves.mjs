// node scripts/card/curves.mjs <folder of images>|demo <place> <steps> <batch>: trains ResNet-20 with three seeds, on the processor
// and on a provider and backend (cuda), and compares the losses, averaged over a tenth of the steps: the same seed there must be
// nearer than any other seed here. Prints them as JSON.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './parts.mjs';

const require = createRequire(join(ROOT, 'package.json'));
const { openDataset } = require('./dist/index.js');
const { train } = require('./dist/train/index.js');

const [path, place, steps, batch] = process.argv.slice(2);
const SEEDS = [1, 2, 3];
/** Images that are drawn where none are given. */
const DRAWN = { count: 2560, size: 32, seed: 0 };
const out = mkdtempSync(join(tmpdir(), 'saliencymix-curves-'));
const data = path === 'demo' ? { path, split: 'train', demo: DRAWN } : { path };

const run = (provider, seed, epochs) =>
  train({
    data,
    test: false,
    model: 'resnet20',
    epochs,
    batch: Number(batch),
    learningRate: 0.05,
    seed,
    provider,
    mixer: { backend: provider },
    threads: Math.max(1, Math.floor(availableParallelism() / SEEDS.length)),
    out: join(out, `${provider}-${seed}`),
  });

/** Losses of the first steps, averaged over a tenth of them. */
function curveOf(provider, seed) {
  const lines = readFileSync(join(out, `${provider}-${seed}`, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const losses = lines
    .map((line) => JSON.parse(line))
    .filter(({ kind }) => kind === 'step')
    .map(({ loss }) => loss)
    .slice(0, Number(steps));
  if (losses.length < Number(steps)) throw new Error(`${losses.length} steps, not ${steps}`);
  const each = Math.ceil(losses.length / 10);
  return Array.from({ length: Math.ceil(losses.length / each) }, (_, i) => {
    const part = losses.slice(i * each, (i + 1) * each);
    return part.reduce((sum, loss) => sum + loss, 0) / part.length;
  });
}

const apart = (a, b) => Math.max(...a.map((loss, i) => Math.abs(loss - b[i])));

try {
  const dataset = await openDataset(data);
  const { length } = dataset;
  await dataset.close();
  const epochs = Math.ceil((steps * batch) / length);
  for (const provider of new Set(['cpu', place]))
    await Promise.all(SEEDS.map((seed) => run(provider, seed, epochs)));
  const here = SEEDS.map((seed) => curveOf('cpu', seed));
  const there = SEEDS.map((seed) => curveOf(place, seed));
  const same = SEEDS.map((_, i) => apart(here[i], there[i]));
  const others = [apart(here[0], here[1]), apart(here[0], here[2]), apart(here[1], here[2])];
  console.log(JSON.stringify({ place, steps: Number(steps), images: length, same, others, here, there }));
  if (!(Math.max(...same) < Math.min(...others)))
    throw new Error('another seed is nearer than another place');
} finally {
  rmSync(out, { recursive: true, force: true });
}
