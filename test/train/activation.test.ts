/** Trainer.activationMaps: CAM against logits, Grad-CAM against differences of them, on every engine. */
import { sizeOf } from '../../src/graph/graph';
import {
  createModel,
  defineModel,
  layers,
  type Model,
  ops,
  Trainer,
  type TrainerOptions,
} from '../../src/train';
import { activationGraph } from '../../src/train/activation-graph';
import { build } from '../../src/train/graphs';
import { batchOf, closing, symmetric } from './fixtures';

const [COUNT, SIDE, CLASSES] = [4, 16, 5];
const batch = (step: number) => batchOf(step, { count: COUNT, side: SIDE, classes: CLASSES });
const images = symmetric('seen', COUNT * 3 * SIDE * SIDE, 1.7);

/** After two steps, so that running statistics are not those of the beginning. */
async function trained(model: Model, more: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const options = {
    batch: COUNT,
    image: [SIDE, SIDE],
    threads: 1,
    seed: 4,
    optimizer: { name: 'sgd' },
  } as const;
  const trainer = closing(await Trainer.create(model, { ...options, ...more }));
  for (let step = 0; step < 2; step++) await trainer.step({ ...batch(step), learningRate: 0.02 });
  return trainer;
}

const engines: [string, Partial<TrainerOptions>][] = [
  ['native, winograd', { engine: 'native' }],
  ['native, direct', { engine: 'native', convolution: 'direct' }],
  ['standard', { engine: 'standard' }],
];
const basic = createModel('resnet', { layers: [1, 1], width: 8, stem: 'cifar', classes: CLASSES });
const networks: [string, Model][] = [
  ['resnet', basic],
  ['wrn', createModel('wrn', { depth: 10, widen: 1, dropout: 0.3, classes: CLASSES })],
  [
    'resnet with a pooling stem',
    createModel('resnet', {
      block: 'bottleneck',
      layers: [1, 1],
      width: 4,
      stem: 'imagenet',
      classes: CLASSES,
    }),
  ],
];

const worst = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])));
};
const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs));
const means = (maps: Float32Array, count: number) =>
  Array.from({ length: count }, (_, i) => {
    const own = maps.subarray((i * maps.length) / count, ((i + 1) * maps.length) / count);
    return own.reduce((sum, value) => sum + value, 0) / own.length;
  });

describe.each(networks)('%s', (_name, model) => {
  test.each(engines)('the mean of a CAM and the bias are the logit: %s', async (_, more) => {
    const trainer = await trained(model, more);
    const bias = (await trainer.parameters()).get('fc.bias')?.data as Float32Array;
    const predicted = await trainer.predict(images);
    for (const classes of [
      [0, 1, 2, 3],
      [4, 4, 0, 1],
    ]) {
      const found = await trainer.activationMaps({ images, classes });
      const [count, rows, cols] = found.shape;
      expect([count, rows * cols > 1, found.maps.length]).toEqual([COUNT, true, sizeOf(found.shape)]);
      expect(worst(found.logits, predicted)).toBeLessThan(1e-5);
      const logits = means(found.maps, COUNT).map((mean, i) => mean + bias[classes[i]]);
      expect(
        worst(
          logits,
          classes.map((one, i) => predicted[i * CLASSES + one]),
        ),
      ).toBeLessThan(2e-6);
      expect(largest(found.maps)).toBeGreaterThan(0.05);
    }
  });

  test.each(engines)('Grad-CAM before its relu is CAM over the number of positions: %s', async (_, more) => {
    const trainer = await trained(model, more);
    const classes = [0, 3, 4, 1];
    const cam = await trainer.activationMaps({ images, classes });
    const gradCam = await trainer.activationMaps({ images, classes, method: 'grad-cam', relu: false });
    expect(gradCam.shape).toEqual(cam.shape);
    const positions = cam.maps.length / COUNT;
    const scaled = gradCam.maps.map((value) => value * positions);
    expect(worst(scaled, cam.maps) / largest(cam.maps)).toBeLessThan(1e-5);
    expect(Math.min(...gradCam.maps)).toBeLessThan(0);
    const shown = await trainer.activationMaps({ images, classes, method: 'grad-cam' });
    expect(shown.maps).toEqual(gradCam.maps.map((value) => Math.max(0, value)));
  });

  test('every engine finds the same, at every stage', async () => {
    const trainers: Trainer[] = [];
    for (const [, more] of engines) trainers.push(await trained(model, more));
    for (const stage of [undefined, ...model.stages]) {
      const found = [];
      for (const trainer of trainers)
        found.push(await trainer.activationMaps({ images, method: 'grad-cam', stage, relu: false }));
      const [wanted, ...others] = found;
      expect(largest(wanted.maps)).toBeGreaterThan(0);
      for (const other of others) {
        expect(other.shape).toEqual(wanted.shape);
        expect(other.classes).toEqual(wanted.classes);
        expect(worst(other.maps, wanted.maps) / largest(wanted.maps)).toBeLessThan(2e-4);
      }
    }
  });
});

test('images beyond a batch have the maps that they have alone; the class of the largest logit unless told', async () => {
  const trainer = await trained(basic);
  const many = symmetric('many', (COUNT + 3) * 3 * SIDE * SIDE, 1.7);
  const logits = await trainer.predict(many);
  const predicted = Array.from({ length: COUNT + 3 }, (_, i) => {
    const own = [...logits.subarray(i * CLASSES, (i + 1) * CLASSES)];
    return own.indexOf(Math.max(...own));
  });
  for (const method of ['cam', 'grad-cam'] as const) {
    const all = await trainer.activationMaps({ images: many, method });
    expect([...all.classes]).toEqual(predicted);
    expect(worst(all.logits, logits)).toBeLessThan(1e-5);
    const each = all.maps.length / (COUNT + 3);
    for (const i of [0, COUNT - 1, COUNT, COUNT + 2]) {
      const one = many.slice(i * 3 * SIDE * SIDE, (i + 1) * 3 * SIDE * SIDE);
      const alone = await trainer.activationMaps({ images: one, method });
      expect(worst(alone.maps, all.maps.subarray(i * each, (i + 1) * each))).toBeLessThan(1e-5);
    }
  }
});

test('nothing changes', async () => {
  const [asked, other] = [await trained(basic), await trained(basic)];
  await asked.activationMaps({ images });
  await asked.activationMaps({ images, method: 'grad-cam', stage: 'layer1' });
  expect([asked.steps, await asked.parameters()]).toEqual([other.steps, await other.parameters()]);
  const next = { ...batch(2), learningRate: 0.02 };
  expect(await asked.step(next)).toEqual(await other.step(next));
});

/** Means of red and of green beyond 0, and two logits of them. */
const byHand = defineModel({
  name: 'by-hand',
  classes: 2,
  build(net, x) {
    const seen = ops.relu(layers.conv(net, 'eye', x, { out: 2, kernel: 1 }));
    return layers.linear(net, 'fc', layers.globalAveragePool(net.stage('seen', seen)), 2);
  },
});

test.each(engines)('of weights set by hand: red for one class, green for the other: %s', async (_, more) => {
  const side = 6;
  const options = { batch: 2, image: [side, side], threads: 1, optimizer: { name: 'sgd' } } as const;
  const trainer = closing(await Trainer.create(byHand, { ...options, ...more }));
  const tensor = (shape: number[], ...values: number[]) => ({ data: Float32Array.from(values), shape });
  await trainer.load(
    new Map([
      ['eye.weight', tensor([2, 3, 1, 1], 1, 0, 0, 0, 1, 0)],
      ['fc.weight', tensor([2, 2], 2, -1, 0, 3)],
      ['fc.bias', tensor([2], 0.5, -1)],
    ]),
  );
  const one = symmetric('colours', 3 * side * side, 1);
  const [red, green] = [0, 1].map((c) => one.subarray(c * side * side, (c + 1) * side * side));
  const positive = (values: Float32Array, i: number) => Math.max(0, values[i]);
  const twice = new Float32Array(2 * one.length);
  twice.set(one);
  twice.set(one, one.length);
  const { maps, shape } = await trainer.activationMaps({ images: twice, classes: [0, 1] });
  expect(shape).toEqual([2, side, side]);
  const wanted = [
    ...red.map((_red, i) => 2 * positive(red, i) - positive(green, i)),
    ...green.map((_green, i) => 3 * positive(green, i)),
  ];
  expect(worst(maps, wanted)).toBeLessThan(1e-6);

  // The only red pixel is where the map peaks, with twice its value; everything else is 0.
  const dark = new Float32Array(3 * side * side).fill(-1);
  dark[3 * side + 4] = 0.75;
  const alone = await trainer.activationMaps({ images: dark, classes: Int32Array.of(0) });
  expect([...alone.maps].map((value, i) => [i, value]).filter(([, value]) => value !== 0)).toEqual([
    [3 * side + 4, 1.5],
  ]);
  expect(alone.logits[0]).toBeCloseTo(1.5 / (side * side) + 0.5, 6);
});

/** Smooth, with what its stage gives set by hand: the images, and a parameter that is added. It does not end in a mean. */
const tapped = defineModel({
  name: 'tapped',
  classes: 3,
  image: [8, 8],
  build(net, x) {
    const tap = net.parameter('tap', [1, 3, 8, 8], { kind: 'constant', value: 0 });
    const seen = net.stage('seen', ops.add(x, tap));
    const made = ops.sigmoid(layers.conv(net, 'conv', seen, { out: 5, kernel: 3, stride: 2 }));
    return layers.linear(net, 'fc', layers.averagePoolTo(made, 2), 3);
  },
});

test.each(engines)('Grad-CAM is that of differences of the logits: %s', async (_, more) => {
  const options = { batch: 1, image: [8, 8], threads: 1, seed: 2, optimizer: { name: 'sgd' } } as const;
  const trainer = closing(await Trainer.create(tapped, { ...options, ...more }));
  const one = symmetric('tapped', 3 * 64, 1.5);
  const begin = await trainer.parameters();
  const logitAt = async (channel: number, step: number, k: number) => {
    const data = new Float32Array(3 * 64).fill(step, channel * 64, (channel + 1) * 64);
    await trainer.load(new Map([...begin, ['tap', { data, shape: [1, 3, 8, 8] }]]));
    return (await trainer.predict(one))[k];
  };
  for (let k = 0; k < 3; k++) {
    const weights: number[] = [];
    for (let channel = 0; channel < 3; channel++) {
      const difference = (await logitAt(channel, 0.05, k)) - (await logitAt(channel, -0.05, k));
      weights.push(difference / 0.1 / 64);
    }
    await trainer.load(begin);
    const ask = { images: one, classes: [k], method: 'grad-cam' } as const;
    // Without a name it is the last stage, since the model does not end in a mean of each channel.
    const { maps, shape } = await trainer.activationMaps({ ...ask, relu: false });
    expect(shape).toEqual([1, 8, 8]);
    const wanted = Array.from({ length: 64 }, (__, i) =>
      weights.reduce((sum, weight, channel) => sum + weight * one[channel * 64 + i], 0),
    );
    expect(largest(wanted)).toBeGreaterThan(1e-3);
    expect(worst(maps, wanted) / largest(wanted)).toBeLessThan(3e-3);
    const named = await trainer.activationMaps({ ...ask, stage: 'seen' });
    expect(named.maps).toEqual(maps.map((value) => Math.max(0, value)));
    const atInput = await trainer.activationMaps({ ...ask, stage: 'input', relu: false });
    expect(worst(atInput.maps, maps)).toBeLessThan(1e-6);
  }
});

describe('refused', () => {
  let trainer: Trainer;
  beforeAll(async () => {
    trainer = await trained(basic);
  });

  test.each<[string, object, RegExp]>([
    ['no images', { images: new Float32Array(0) }, /one image or more for images/],
    ['half an image', { images: images.slice(0, 100) }, /a multiple of 3 × 16 × 16 = 768 values for images/],
    ['another type', { images: [...images] }, /a Float32Array \(NCHW\) for images/],
    ['too few classes', { classes: [1] }, /a list of 4 class numbers, one for each image for classes/],
    ['an unknown class', { classes: [0, 1, 2, 5] }, /whole number from 0 to 4 for classes but received 5/],
    ['an unknown method', { method: 'gradcam' }, /did you mean "grad-cam"/],
    [
      'an unknown stage',
      { method: 'grad-cam', stage: 'layer' },
      /"layer1", "layer2" for stage .*mean "layer1"/,
    ],
    ['a stage for CAM', { stage: 'layer1' }, /nothing with method "cam".* for stage/],
    ['a slip', { clases: [0] }, /did you mean "classes"/],
  ])('%s', async (_, more, message) => {
    const call = trainer.activationMaps({ images, ...more });
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toMatchObject({ code: 'ARGUMENT' });
  });

  test('images that are not finite', async () => {
    const call = trainer.activationMaps({ images: images.map((value, i) => (i === 7 ? NaN : value)) });
    await expect(call).rejects.toMatchObject({ code: 'TRAINING', message: /maps are not finite/ });
  });

  test('CAM of a network with another end, which Grad-CAM takes; and a network without stages', async () => {
    const options = { batch: 1, threads: 1, optimizer: { name: 'sgd' } } as const;
    const flat = (hasStage: boolean) =>
      defineModel({
        name: 'flat',
        classes: 2,
        image: [8, 8],
        build(net, x) {
          const conv = ops.relu(layers.conv(net, 'conv', x, { out: 2, kernel: 3 }));
          const seen = ops.reshape(
            hasStage ? net.stage('flat', ops.reshape(conv, [x.shape[0], 128])) : conv,
            [x.shape[0], 128],
          );
          return layers.linear(net, 'fc', seen, 2);
        },
      });
    const of = async (hasStage: boolean) =>
      closing(await Trainer.create(flat(hasStage), { ...options, image: [8, 8] }));
    const one = symmetric('flat', 3 * 64, 1);
    await expect((await of(true)).activationMaps({ images: one })).rejects.toMatchObject({
      code: 'MODEL',
      message: /The model flat does not end in the mean .*Grad-CAM \(method "grad-cam"\) takes any end/,
    });
    await expect((await of(true)).activationMaps({ images: one, method: 'grad-cam' })).rejects.toThrow(
      /Grad-CAM cannot take \[1, 128\]: a stage must give n × channels × height × width/,
    );
    await expect((await of(false)).activationMaps({ images: one, method: 'grad-cam' })).rejects.toThrow(
      /flat names no stage .* net\.stage\(name, x\)/,
    );
  });
});

test('VGG with the classifier of ImageNet: not by CAM; Grad-CAM takes its last pooling, 7 × 7', () => {
  const vgg = createModel('vgg16-bn', { classes: 2 });
  const shape = { count: 1, image: [224, 224] } as const;
  expect(() => activationGraph(vgg, shape, { method: 'cam' })).toThrow(/vgg16-bn does not end in the mean/);
  expect(build(vgg, shape, 'evaluate').net.stageValues.get('pool5')?.shape).toEqual([1, 512, 7, 7]);
  const bytesAt = (stage?: string) => activationGraph(vgg, shape, { method: 'grad-cam', stage }).bytes;
  expect(bytesAt()).toEqual(bytesAt('pool5'));
  expect(bytesAt()).not.toEqual(bytesAt('pool4'));
});
