import { createMixer, openDataset } from 'saliencymix';
import { createModel, Trainer } from 'saliencymix/train';

const dataset = await openDataset(process.argv[2] ?? 'demo');
const classes = dataset.classes.length;
const mixer = createMixer({ method: 'saliencymix', classes, seed: 1 });
const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

const model = createModel('resnet', { layers: [1, 1, 1], width: 8, classes, stem: 'cifar' });
const trainer = await Trainer.create(model, {
  batch: 50,
  image: [32, 32],
  optimizer: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
  seed: 1,
});

for await (const { images, labels, batch, slots } of dataset.batches({
  size: 32,
  batch: 50,
  augment: { crop: 4, flip: true },
})) {
  const mixed = await mixer.mix(images, labels, {
    batch,
    slots,
    output: { layout: 'NCHW', dtype: 'float32', mean, std },
  });
  const { loss } = await trainer.step({
    images: mixed.images.data,
    labels: mixed.labels,
    learningRate: 0.05,
  });
  console.log(`step ${trainer.steps}: loss ${loss.toFixed(3)}`);
}
await trainer.save('trainer.safetensors'); // Trainer.resume('trainer.safetensors') goes on from here
await trainer.close();
await dataset.close();
