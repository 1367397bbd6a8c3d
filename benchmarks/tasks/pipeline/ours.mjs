// openDataset, batches and a mixer of this package: the training loop of the README, without the training.
export function describe() {
  const variants = ['none', 'saliencymix'].map((method) => ({
    method,
    name: `saliencymix, method ${method}`,
  }));
  return { name: 'saliencymix', own: true, variants };
}

export async function prepare({ path, size, batch, seed, normalise }, { method }, { library }) {
  const dataset = await library.openDataset(path);
  const mixer = library.createMixer({ method, classes: dataset.classes.length, seed });
  const output = { layout: 'NCHW', dtype: 'float32', ...normalise };
  // As in the README: every step's batch takes the place of the one before.
  const into = new Float32Array(batch * 3 * size * size);

  async function epoch(number, shuffle = true) {
    let count = 0;
    let first;
    const batches = dataset.batches({ size, batch, epoch: number, seed, shuffle, onBad: 'skip' });
    for await (const { images, labels, batch: position, slots } of batches) {
      const mixed = await mixer.mix(images, labels, { epoch: number, batch: position, slots, output, into });
      first ??= { ...mixed.images, data: mixed.images.data.slice() };
      count += mixed.images.shape[0];
    }
    return { count, first };
  }

  return {
    run: (i) => epoch(i),
    close: () => dataset.close(),
    async result() {
      const { count, first } = await epoch(0, false);
      return { arrays: { images: first }, facts: { count } };
    },
  };
}
