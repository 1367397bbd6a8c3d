/**
 * A step of WRN-28-10 and of ResNet-50 at 224², on inputs made as those of golden/training. There is no truth in a file for
 * them: the native engine in both forms is held against the standard one. Takes a few gigabytes, so only with
 * SALIENCYMIX_LARGE=1, as .ci/full sets it.
 */
import { createModel, type Model, Trainer } from '../../src/train';
import { apart, type BatchShape, batchOf, initialWeights, last, median } from './fixtures';

const networks: [string, Model, BatchShape][] = [
  [
    'WRN-28-10',
    createModel('wrn', { depth: 28, widen: 10, classes: 10 }),
    { count: 8, side: 32, classes: 10 },
  ],
  ['ResNet-50', createModel('resnet50', { classes: 1000 }), { count: 4, side: 224, classes: 1000 }],
];

const engines = {
  standard: { engine: 'standard' },
  direct: { engine: 'native', convolution: 'direct' },
  winograd: { engine: 'native', convolution: 'winograd' },
} as const;

type Values = Map<string, Float32Array>;

const suite = process.env.SALIENCYMIX_LARGE === '1' ? describe.each(networks) : describe.skip.each(networks);

suite('%s', (_, model, shape) => {
  const initial = initialWeights(model);
  const trained = model.parameters.filter((one) => one.trained).map(({ name }) => name);

  /** Loss and logits of a step, and by how much it changes each weight; with images that are scaled. */
  async function stepOf(engine: keyof typeof engines, factor = 1) {
    const optimizer = { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 } as const;
    const image = [shape.side, shape.side] as const;
    const trainer = await Trainer.create(model, { batch: shape.count, image, optimizer, ...engines[engine] });
    await trainer.load(initial);
    const { images, labels } = batchOf(0, shape);
    const scaled = images.map((value) => value * factor);
    const { loss, logits } = await trainer.step({ images: scaled, labels, learningRate: 1 });
    const after = await trainer.parameters();
    await trainer.close();
    const change = (name: string) => {
      const before = (initial.get(name) as { data: Float32Array }).data;
      return (after.get(name) as { data: Float32Array }).data.map((value, i) => value - before[i]);
    };
    const changes: Values = new Map(trained.map((name) => [name, change(name)]));
    return { loss, logits, changes };
  }

  test('loss, logits and weights of a step as on the standard engine', async () => {
    const standard = await stepOf('standard');
    expect(Number.isFinite(standard.loss)).toBe(true);
    const rounded = apart(standard.changes, (await stepOf('standard', 1 + 2 ** -22)).changes);
    for (const form of ['direct', 'winograd'] as const) {
      const { loss, logits, changes } = await stepOf(form);
      expect(Math.abs(loss / standard.loss - 1)).toBeLessThan(5e-5);
      const largest = Math.max(...standard.logits.map(Math.abs));
      expect(Math.max(...logits.map((value, i) => Math.abs(value - standard.logits[i])))).toBeLessThan(
        1e-4 * largest,
      );
      const misses = apart(standard.changes, changes);
      // ReLUs near zero: images that differ by a rounding change the gradients as much.
      expect(median(misses)).toBeLessThan(Math.max(5e-3, 2 * median(rounded)));
      expect(last(misses)).toBeLessThan(Math.max(2e-2, 2 * last(rounded)));
    }
  }, 600_000);
});
