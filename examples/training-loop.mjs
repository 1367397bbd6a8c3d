import { createMixer, openDataset } from 'saliencymix';

const dataset = await openDataset(process.argv[2] ?? 'demo'); // a folder of class folders, a .tar, CIFAR's files
const mixer = createMixer({ method: 'saliencymix', classes: dataset.classes.length, seed: 1 });
const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];
const into = new Float32Array(32 * 3 * 64 * 64); // every step's batch takes the place of the one before

for (let epoch = 0; epoch < 2; epoch++) {
  for await (const { images, labels, batch, slots } of dataset.batches({ size: 64, batch: 32, epoch })) {
    const mixed = await mixer.mix(images, labels, {
      epoch,
      batch,
      slots,
      into,
      output: { layout: 'NCHW', dtype: 'float32', mean, std },
    });
    const pixels = mixed.images.data; // Float32Array n × 3 × 64 × 64
    const softLabels = mixed.labels; // Float32Array n × classes
    console.log(`${pixels.length} pixels, ${softLabels.length} label weights`); // a training step
  }
}
await dataset.close();
