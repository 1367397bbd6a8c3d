// One training step: forward, loss, backward and update, on one thread, with images and labels that lie ready.
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { numbers } from '../../lib/inputs.mjs';
import { isWanted } from '../../lib/options.mjs';

export const title = 'Training';
export const about =
  'One step of SGD (Nesterov momentum 0.9, weight decay 5e-4) on one thread: forward, loss of soft labels, backward, ' +
  'update. Images and labels lie ready as float32. Times are CPU time, user and system, of all threads of the ' +
  "contender's process, so that other programs on the machine disturb them little. All begin with the same weights and " +
  'see the same batches; the losses of the first steps are compared. Peak MB is of the whole process, the runtime of ' +
  'JavaScript or Python included; every job has processes of its own. PyTorch as it is installed gives large tensors back to ' +
  'the system and fetches them anew in every step; "memory kept" is with glibc\'s allocator told to keep them. "AVX2": held to it, as on processors without AVX-512.';

/** The times that count are CPU times. */
export const clock = 'cpu';
/** The most memory that a process ever held is told, so no process does two jobs. */
export const processesPerJob = true;

const RIVALS = [
  'PyTorch NCHW',
  'PyTorch channels_last',
  'PyTorch NCHW, memory kept',
  'PyTorch channels_last, memory kept',
  'PyTorch NCHW, AVX2',
  'saliencymix, standard',
];

const cifar = { stem: 'cifar', classes: 10 };
const NETWORKS = {
  'ResNet-20': ['resnet', { block: 'basic', layers: [3, 3, 3], width: 16, ...cifar }],
  'ResNet-18': ['resnet', { block: 'basic', layers: [2, 2, 2, 2], width: 64, ...cifar }],
  'ResNet-50': [
    'resnet',
    { block: 'bottleneck', layers: [3, 4, 6, 3], width: 64, stem: 'imagenet', classes: 1000 },
  ],
  'WRN-16-4': ['wrn', { depth: 16, widen: 4, dropout: 0, classes: 10 }],
  'WRN-28-10': ['wrn', { depth: 28, widen: 10, dropout: 0, classes: 10 }],
  'VGG-16': ['vgg16-bn', cifar],
  // Small ones with all that the large ones are made of, for --quick.
  'small ResNet': [
    'resnet',
    { block: 'bottleneck', layers: [1, 1], width: 8, stem: 'imagenet', classes: 10 },
  ],
  'small WRN': ['wrn', { depth: 10, widen: 1, dropout: 0, classes: 10 }],
};

/**
 * Small enough that rounding stays small from step to step. The gradients of a ResNet-50 are large at first: after two steps of
 * 3e-5 the losses of PyTorch's own two layouts are 2e-3 apart.
 */
const LEARNING_RATES = { 'ResNet-50': 3e-6, 'VGG-16': 1e-4, others: 1e-3 };

const FULL = [
  { network: 'ResNet-20', count: 128, side: 32 },
  { network: 'ResNet-18', count: 32, side: 32 },
  { network: 'ResNet-18', count: 128, side: 32 },
  { network: 'WRN-16-4', count: 32, side: 32 },
  { network: 'WRN-28-10', count: 8, side: 32 },
  { network: 'VGG-16', count: 32, side: 32 },
  { network: 'ResNet-50', count: 4, side: 224 },
  { network: 'ResNet-50', count: 16, side: 224 },
];
const QUICK = [
  { network: 'ResNet-20', count: 8, side: 32 },
  { network: 'small WRN', count: 4, side: 32 },
  { network: 'small ResNet', count: 3, side: 64 },
];

/** Batches that a contender goes through before it meets one again. A step goes through far more memory than a cache has. */
const BATCHES = 4;
/** Steps whose losses are compared. */
const COMPARED = 3;

function writeFloats(file, length, valueAt) {
  if (!existsSync(file))
    writeFileSync(
      file,
      Float32Array.from({ length }, (_, i) => valueAt(i)),
    );
  return file;
}

/** Values with mean 0 and variance 1, as normalised images have. */
function imagesOf({ count, side }, folder) {
  const random = numbers(count * 1000 + side);
  const shape = [BATCHES, count, 3, side, side];
  const length = shape.reduce((product, one) => product * one, 1);
  const file = join(folder, `training-images-${count}x${side}.bin`);
  return {
    file: writeFloats(file, length, () => (2 * random() - 1) * Math.sqrt(3)),
    shape,
    dtype: 'float32',
  };
}

/** Two classes an image, as mixing makes them. */
function labelsOf({ count }, classes, folder) {
  const random = numbers(count * 1000 + classes);
  const shape = [BATCHES, count, classes];
  const rows = new Float32Array(BATCHES * count * classes);
  for (let row = 0; row < BATCHES * count; row++) {
    const [first, second] = [0, 0].map(() => row * classes + Math.floor(random() * classes));
    const share = random();
    rows[first] += share;
    rows[second] += 1 - share;
  }
  const file = join(folder, `training-labels-${count}x${classes}.bin`);
  return { file: writeFloats(file, rows.length, (i) => rows[i]), shape, dtype: 'float32' };
}

/** A file of the weights that all contenders begin with (safetensors, PyTorch's names and layouts). */
async function weightsOf({ createModel, Trainer }, { network, side }, folder) {
  const file = join(folder, `training-${network.replaceAll(' ', '-')}.safetensors`);
  if (existsSync(file)) return file;
  const settings = { batch: 2, image: [side, side], threads: 1, seed: 1, optimizer: { name: 'sgd' } };
  const trainer = await Trainer.create(createModel(...NETWORKS[network]), settings);
  await trainer.exportSafetensors(file);
  await trainer.close();
  return file;
}

export async function jobs({ root, folder, quick, only }) {
  const library = createRequire(join(root, 'package.json'))('./dist/train/index.js');
  const all = [];
  for (const size of quick ? QUICK : FULL) {
    const { network, count, side } = size;
    const id = `${network} ${count} ${side}`;
    if (!isWanted(id, only)) continue; // writing its inputs takes time
    const [name, options] = NETWORKS[network];
    all.push({
      id,
      label: `${network}, batches of ${count} × ${side}²`,
      model: { name, options },
      batch: { count, side },
      images: count,
      inputs: { images: imagesOf(size, folder), labels: labelsOf(size, options.classes, folder) },
      weights: await weightsOf(library, size, folder),
      optimizer: { momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
      learningRate: LEARNING_RATES[network] ?? LEARNING_RATES.others,
      compared: COMPARED,
      memory: true,
      compare: 'own',
      rivals: RIVALS,
    });
  }
  return all;
}

/** How far losses may be apart, over the loss: rounding grows from step to step, as ReLUs switch. */
const TOLERANCES = [1e-5, 1e-4, 1e-3];

export function check(job, result, reference) {
  const [found, expected] = [result.facts.losses, reference.facts.losses];
  if (found.length !== job.compared) throw new Error(`${found.length} losses, not ${job.compared}`);
  const misses = found.map((loss, step) => Math.abs(loss - expected[step]) / expected[step]);
  const apart = misses.findIndex((miss, step) => !(miss <= TOLERANCES[step]));
  const shown = (losses) => losses.map((loss) => loss.toFixed(6)).join(', ');
  if (apart >= 0)
    throw new Error(
      `the loss of step ${apart + 1} is ${misses[apart].toPrecision(2)} of it off; losses are ${shown(found)}, not ${shown(expected)}`,
    );
  if (result === reference) return `losses of the first steps ${shown(found)}`;
  return `losses within ${Math.max(...misses).toPrecision(2)} of them`;
}
