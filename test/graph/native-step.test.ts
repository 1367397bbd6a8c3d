/** The native engine's operators of loss, dropout and update, run by ONNX Runtime, against the plain forms. */
import { dropout, softmaxCrossEntropy } from '../../src/graph/composites';
import { Graph, sizeOf, type Value } from '../../src/graph/graph';
import * as native from '../../src/graph/native-ops';
import { createOptimizer, type OptimizerOptions } from '../../src/graph/optimizers';
import { drawDropoutMasks } from '../../src/train/dropout-masks';
import { backward } from '../../src/graph/backward';
import { compile } from './run';

const filled = (shape: readonly number[], seed: number, scale = 1.7) => ({
  data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233) * scale),
  shape,
});

const scalar = (value: number) => ({ data: Float32Array.of(value), shape: [] });

describe.each([
  [1, 1],
  [7, 3],
  [5, 1000],
])('cross entropy of %i × %i', (rows, classes) => {
  test('loss and gradient', async () => {
    const labels = filled([rows, classes], 2);
    labels.data.forEach((value, i) => (labels.data[i] = Math.abs(value)));
    const graph = new Graph();
    const [z, y] = ['logits', 'labels'].map((name) => graph.input(name, [rows, classes]));
    const { loss, gradient } = native.crossEntropy(z, y);
    graph.output('loss', loss);
    graph.output('gradient', gradient);
    const plain = new Graph();
    const [z1, y1] = ['logits', 'labels'].map((name) => plain.input(name, [rows, classes]));
    const loss1 = softmaxCrossEntropy(z1, y1);
    plain.output('loss', loss1);
    plain.output('gradient', backward(loss1, [z1])[0]);
    const inputs = { logits: filled([rows, classes], 1, 9), labels };
    const found = await (await compile(graph, 'native'))(inputs);
    const wanted = await (await compile(plain))(inputs);
    expect(Math.abs(found.loss[0] - wanted.loss[0])).toBeLessThan(2e-6 * Math.abs(wanted.loss[0]) + 1e-6);
    const largest = Math.max(...wanted.gradient.map(Math.abs));
    found.gradient.forEach((value, i) =>
      expect(Math.abs(value - wanted.gradient[i])).toBeLessThanOrEqual(3e-6 * largest),
    );
  });
});

test.each([
  [[3, 6, 5, 7], 0.3],
  [[2, 4099], 0.5],
  [[1, 17, 16, 33], 0.015625],
] as const)('dropout of %j at %d keeps what drawDropoutMasks keeps', async (shape, rate) => {
  const [seed, step, number] = [9007199254740991, 70001, 2];
  const isImage = shape.length === 4;
  const [images, channels, height = 1, width = 1] = shape as readonly number[];
  const inside = isImage ? [images, height, width, channels] : shape;
  const graph = new Graph();
  const x = graph.input('x', inside);
  const random = graph.input('random', [2], 'int64');
  const drawn = { number, dropped: Math.round(rate * 65536), scale: 1 / (1 - rate) };
  graph.output('y', native.dropout(x, random, drawn));
  const found = await (await compile(graph, 'native'))({
    x: filled(inside, 4),
    random: { data: BigInt64Array.of(BigInt(seed), BigInt(step)), shape: [2] },
  });

  const plain = new Graph();
  plain.output('y', dropout(plain.input('x', shape), plain.input('mask', shape, 'bool'), rate));
  const pixels = height * width;
  const first = new Float32Array(sizeOf(shape));
  const place = (i: number) => {
    const [n, c, p] = [Math.floor(i / (channels * pixels)), Math.floor(i / pixels) % channels, i % pixels];
    return (n * pixels + p) * channels + c;
  };
  const { data } = filled(inside, 4);
  first.forEach((_, i) => (first[i] = data[place(i)]));
  const { mask } = drawDropoutMasks([{ name: 'mask', shape, rate, number }], { seed, step, progress: 1 });
  const wanted = await (await compile(plain))({ x: { data: first, shape }, mask });
  // Both zeros are zero.
  expect(found.y.length).toBe(wanted.y.length);
  wanted.y.forEach((value, i) => expect(found.y[place(i)] + 0).toBe(value + 0));
});

const optimizers: OptimizerOptions[] = [
  { name: 'sgd', momentum: 0 },
  { name: 'sgd', momentum: 0.9, weightDecay: 0 },
  { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
  { name: 'adamw', betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.05 },
];

/** Parameters of a step: one of a single number, one long enough for several threads. */
const shapes = [[1], [5, 3, 3, 7], [70_001]];

describe.each(optimizers)('update by %j', (options) => {
  const optimizer = createOptimizer(options);
  const names = ['weight', 'gradient', ...optimizer.slots];
  const inputs = Object.fromEntries([
    ...names.flatMap((name, kind) =>
      shapes.map((shape, i) => {
        const values = filled(shape, 3 * kind + i, 0.5);
        // What AdamW keeps of squares is not negative.
        if (name === 'square') values.data.forEach((value, at) => (values.data[at] = value * value));
        return [`${name}${i}`, values] as const;
      }),
    ),
    ...optimizer.scalars.map((name, i) => [name, scalar(optimizer.scalarsAt(0.05, 3)[i])] as const),
    ['other', filled([11], 9)] as const,
  ]);
  const given = (graph: Graph) => {
    const values = (name: string) => shapes.map((shape, i) => graph.input(`${name}${i}`, shape));
    return {
      tensors: {
        weights: values('weight'),
        gradients: values('gradient'),
        slots: optimizer.slots.map(values),
      },
      scalars: optimizer.scalars.map((name) => graph.input(name, [])),
    };
  };
  const fused = () => {
    const graph = new Graph();
    const { tensors, scalars } = given(graph);
    const next = native.update(optimizer.fused, scalars, tensors, [graph.input('other', [11])]);
    graph.output('finite', next.finite);
    next.weights.forEach((value, i) => graph.output(`next weight${i}`, value));
    next.slots.forEach((kind, k) =>
      kind.forEach((value: Value, i) => graph.output(`next ${optimizer.slots[k]}${i}`, value)),
    );
    return graph;
  };

  test('the bits of the plain form', async () => {
    const plain = new Graph();
    const { tensors, scalars } = given(plain);
    tensors.weights.forEach((weight, i) => {
      const kept = tensors.slots.map((kind) => kind[i]);
      const next = optimizer.update(weight, tensors.gradients[i], kept, scalars);
      plain.output(`next weight${i}`, next.weight);
      next.slots.forEach((value, k) => plain.output(`next ${optimizer.slots[k]}${i}`, value));
    });
    const { finite, ...found } = await (await compile(fused(), 'native'))(inputs);
    expect(finite).toEqual(Float32Array.of(0));
    expect(found).toEqual(await (await compile(plain))(inputs));
  });

  test.each(['gradient2', 'weight1', 'other'])(
    'a value of %s that is not finite is told, and all stays as it was',
    async (name) => {
      const changed = { ...inputs[name], data: inputs[name].data.slice() };
      changed.data[changed.data.length - 1] = Infinity;
      const before = { ...inputs, [name]: changed };
      const { finite, ...next } = await (await compile(fused(), 'native'))(before);
      expect(finite).toEqual(Float32Array.of(NaN));
      const kept = ['weight', ...optimizer.slots].flatMap((kind) => shapes.map((_, i) => `${kind}${i}`));
      expect(next).toEqual(Object.fromEntries(kept.map((one) => [`next ${one}`, before[one].data])));
    },
  );
});
