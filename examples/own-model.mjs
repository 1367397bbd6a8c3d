import { createMixer, openDataset } from 'saliencymix';
import { defineModel, layers, ops, Trainer } from 'saliencymix/train';

/** Squeeze and excite (Hu et al., CVPR 2018): weights each channel by a function of the means of all channels. */
function squeezeExcite(net, name, x, reduction = 4) {
  const [n, channels] = x.shape;
  const squeezed = layers.globalAveragePool(x);
  const narrow = layers.linear(net, `${name}.fc1`, squeezed, Math.ceil(channels / reduction));
  const wide = layers.linear(net, `${name}.fc2`, ops.relu(narrow), channels);
  return ops.mul(x, ops.reshape(ops.sigmoid(wide), [n, channels, 1, 1]));
}

function build(net, images) {
  let x = images;
  for (const [i, out] of [16, 32, 64].entries()) {
    x = layers.conv(net, `conv${i}`, x, { out, kernel: 3, stride: i > 0 ? 2 : 1 });
    x = squeezeExcite(net, `se${i}`, ops.relu(layers.batchNorm(net, `bn${i}`, x)));
  }
  return layers.linear(net, 'fc', layers.globalAveragePool(x), 10);
}

const model = defineModel({ name: 'se-cnn', classes: 10, build });
const trainer = await Trainer.create(model, { batch: 50, image: [32, 32], optimizer: { name: 'adamw' } });
const mixer = createMixer({ method: 'saliencymix', classes: 10, seed: 1 });
const output = { layout: 'NCHW', dtype: 'float32', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const dataset = await openDataset('demo');
for await (const { images, labels, batch, slots } of dataset.batches({ size: 32, batch: 50 })) {
  const mixed = await mixer.mix(images, labels, { batch, slots, output });
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
