// node train-both.cjs PACKAGE NETWORK OPTIMIZER STEPS: trains a network with the package in a folder on the providers cpu and cuda,
// and prints what each has found, as JSON.
const path = require('node:path');

const [folder, network, optimizer, steps] = process.argv.slice(2);
const { createModel, Trainer } = require(path.resolve(folder, 'dist', 'train'));

const NETWORKS = {
  wrn: [createModel('wrn', { classes: 3, depth: 10, widen: 1, dropout: 0.3 }), 8],
  pooling: [
    createModel('resnet', { block: 'bottleneck', layers: [1, 1], width: 4, stem: 'imagenet', classes: 3 }),
    32,
  ],
  dropped: [
    createModel('resnet', {
      block: 'basic',
      layers: [1, 1, 1],
      width: 4,
      stem: 'cifar',
      classes: 3,
      dropBlock: 0.5,
      dropBlockSize: 3,
      stochasticDepth: 0.5,
      stochasticDepthPer: 'sample',
    }),
    16,
  ],
  vgg: [createModel('vgg16-bn', { stem: 'cifar', classes: 3 }), 32],
};
const OPTIMIZERS = {
  nesterov: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
  plain: { name: 'sgd', momentum: 0 },
  adamw: { name: 'adamw' },
};
const BATCH = 6;
const RATE = 0.01;
/** Large tensors would not fit into a text. */
const some = (data) => [...data.subarray(0, 2000)];

async function trained(provider) {
  const [model, side] = NETWORKS[network];
  const settings = {
    batch: BATCH,
    image: [side, side],
    provider,
    convolution: 'direct',
    threads: 1,
    seed: 4,
  };
  const trainer = await Trainer.create(model, { ...settings, optimizer: OPTIMIZERS[optimizer] });
  const labels = Float32Array.from({ length: BATCH * 3 }, (_, i) => Number(i % 3 === Math.floor(i / 3) % 3));
  const imagesOf = (step) =>
    Float32Array.from({ length: BATCH * 3 * side * side }, (_, i) => Math.sin(i * 0.37 + step) + (i % 7) / 9);
  const stepOf = async (step) =>
    (await trainer.step({ images: imagesOf(step), labels, learningRate: RATE })).loss;
  const losses = [];
  for (let step = 0; step < Number(steps); step++) losses.push(await stepOf(step));
  const weights = await trainer.parameters();
  const gradients = await trainer.gradients({ images: imagesOf(0), labels });
  const hidden = { stage: trainer.model.stages[2], partners: [2, 0, 1, 4, 3, 5], lambda: 0.3 };
  const inside = await trainer.gradients({ images: imagesOf(0), labels, hidden });
  const logits = await trainer.predict(imagesOf(1));
  const saliency = await trainer.saliency({ images: imagesOf(0), labels });
  // Not finite: refused, and all is as it was.
  const bad = { images: imagesOf(0).fill(NaN), labels, learningRate: RATE };
  const refused = await trainer.step(bad).then(
    () => 'taken',
    ({ code }) => code,
  );
  const after = await trainer.parameters();
  const kept = [...weights].every(([name, { data }]) =>
    data.every((value, i) => Object.is(value, after.get(name).data[i])),
  );
  await trainer.close();
  const numbers = {
    losses,
    loss: [gradients.loss],
    images: some(gradients.images),
    logits: [...logits],
    saliency: some(saliency),
    mixedLoss: [inside.loss],
    mixedImages: some(inside.images),
    ...Object.fromEntries([...weights].map(([name, { data }]) => [`weight ${name}`, some(data)])),
    ...Object.fromEntries([...gradients.parameters].map(([name, data]) => [`gradient ${name}`, some(data)])),
  };
  return { numbers, refused, kept };
}

async function both() {
  console.log(JSON.stringify({ cpu: await trained('cpu'), cuda: await trained('cuda') }));
}

void both();
