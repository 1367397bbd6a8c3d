import { createMixer, openDataset } from 'saliencymix';
import { defineModel, layers, ops, Trainer } from 'saliencymix/train';

const model = defineModel({
  name: 'se-cnn',
  classes: 10,
  build(net, images) {
    let x = images;
    for (const [i, out] of [16, 32, 64].entries()) {
      x = layers.conv(net, `conv${i}`, x, { out, kernel: 3, stride: i > 0 ? 2 : 1 });
      x = ops.relu(layers.batchNorm(net, `bn${i}`, x));
      // Squeeze and excite (Hu et al., CVPR 2018): weights each channel by a function of the means of all channels.
      const narrow = layers.linear(net, `se${i}.fc1`, layers.globalAveragePool(x), out / 4);
      const wide = layers.linear(net, `se${i}.fc2`, ops.relu(narrow), out);
      x = ops.mul(x, ops.reshape(ops.sigmoid(wide), [x.shape[0], out, 1, 1]));
    }
    return layers.linear(net, 'fc', layers.globalAveragePool(x), 10);
  },
});
const trainer = await Trainer.create(model, { batch: 50, image: [32, 32], optimizer: { name: 'adamw' } });
const mixer = createMixer({ method: 'saliencymix', classes: 10, seed: 1 });
const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

const dataset = await openDataset('demo');
for await (const { images, labels, batch, slots } of dataset.batches({ size: 32, batch: 50 })) {
  const mixed = await mixer.mix(images, labels, {
    batch,
    slots,
    output: { layout: 'NCHW', dtype: 'float32', mean, std },
  });
  const { loss } = await trainer.step({
    images: mixed.images.data,
    labels: mixed.labels,
    learningRate: 0.01,
  });
  console.log(`step ${trainer.steps}: loss ${loss.toFixed(3)}`);
}
await trainer.save('own.safetensors'); // Trainer.resume('own.safetensors', { model }) goes on from here
await trainer.exportOnnx('own.onnx');
await trainer.close();
await dataset.close();
