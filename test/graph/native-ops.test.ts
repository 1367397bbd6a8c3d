/** Operators of this package, run by ONNX Runtime in a model, against the plain forms and their gradients. */
import { backward } from '../../src/graph/backward';
import { Graph, sizeOf, type Value } from '../../src/graph/graph';
import * as native from '../../src/graph/native-ops';
import { batchNormTraining } from '../../src/graph/composites';
import {
  add,
  conv as plainConv,
  maxPool as plainMaxPool,
  mul,
  reduceMean,
  reduceSum,
  relu,
  transpose,
} from '../../src/graph/ops';
import { compile } from './run';

const NHWC = [0, 2, 3, 1];
const NCHW = [0, 3, 1, 2];
const OIHW = [3, 2, 0, 1];

/** Values that no rule of arithmetic would give by chance. */
const filled = (shape: readonly number[], seed: number) => ({
  data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233) * 1.7),
  shape,
});

interface Case {
  name: string;
  image: [n: number, height: number, width: number, channels: number];
  out: number;
  kernel: [number, number];
  stride?: number;
  padding?: number;
}

const cases: Case[] = [
  { name: 'one pixel', image: [1, 1, 1, 1], out: 1, kernel: [1, 1] },
  { name: '3×3', image: [3, 7, 5, 13], out: 17, kernel: [3, 3], padding: 1 },
  { name: 'three channels, stride 2', image: [2, 9, 12, 3], out: 16, kernel: [7, 7], stride: 2, padding: 3 },
  { name: '1×1, stride 2', image: [2, 8, 7, 24], out: 5, kernel: [1, 1], stride: 2 },
  { name: '3×3, several tiles', image: [2, 9, 13, 20], out: 35, kernel: [3, 3], padding: 1 },
  { name: 'a row', image: [1, 1, 11, 4], out: 3, kernel: [1, 5], stride: 1, padding: 0 },
];

describe.each(['direct', 'winograd'] as const)('convolution and its gradients, %s', (form) => {
  test.each(cases)('$name', async ({ image, out, kernel, stride = 1, padding = 0 }) => {
    const [, height, width, channels] = image;
    const graph = new Graph();
    const x = graph.input('x', image);
    const w = graph.input('w', [...kernel, channels, out]);
    const bias = graph.input('bias', [out]);
    const window = {
      stride: [stride, stride],
      padding: [padding, padding, padding, padding],
      dilation: [1, 1],
      groups: 1,
      form,
    } as const;
    const y = native.conv(x, w, bias, window);
    const dy = graph.input('dy', y.shape);
    graph.output('y', y);
    graph.output('dx', native.convInputGradient(dy, w, window, [height, width]));
    const byWeights = native.convWeightGradient(x, dy, window, kernel);
    graph.output('dw', byWeights.weights);
    graph.output('dbias', byWeights.bias);

    const plain = new Graph();
    const image1 = plain.input('x', image);
    const weights = plain.input('w', w.shape);
    const bias1 = plain.input('bias', [out]);
    const slope = plain.input('dy', y.shape);
    const y1: Value = transpose(
      plainConv(transpose(image1, NCHW), transpose(weights, OIHW), bias1, { stride, padding }),
      NHWC,
    );
    const total = reduceSum(mul(y1, slope), [0, 1, 2, 3], false);
    const [dx1, dw1, dbias1] = backward(total, [image1, weights, bias1]);
    for (const [name, value] of Object.entries({ y: y1, dx: dx1, dw: dw1, dbias: dbias1 }))
      plain.output(name, value);
    const inputs = {
      x: filled(image, 1),
      w: filled(w.shape, 2),
      bias: filled([out], 3),
      dy: filled(y.shape, 4),
    };
    const found = await (await compile(graph, 'native'))(inputs);
    const wanted = await (await compile(plain))(inputs);
    for (const name of ['y', 'dx', 'dw', 'dbias']) {
      const miss = found[name].reduce(
        (most, value, i) => Math.max(most, Math.abs(value - wanted[name][i])),
        0,
      );
      // Sums of some hundred products of at most 1.7²; test/native holds the kernels against sums in double.
      const largest = Math.max(...wanted[name].map(Math.abs));
      expect(miss).toBeLessThan(form === 'winograd' ? 1e-4 + 1e-5 * largest : 1e-4);
      expect(found[name].length).toBe(wanted[name].length);
    }
  });
});

/** Fails where two results differ by more than rounding. */
function expectNear(found: Record<string, Float32Array>, wanted: Record<string, Float32Array>, most = 1e-5) {
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(wanted).toSorted());
  for (const [name, values] of Object.entries(wanted)) {
    const scale = Math.max(1, ...values.map(Math.abs));
    const miss = found[name].map((value, i) => Math.abs(value - values[i]) / scale);
    expect([name, Math.max(...miss) < most]).toEqual([name, true]);
  }
}

/** Plain operators have the channels second. */
const plainInput = (graph: Graph, name: string, shape: readonly number[]) =>
  transpose(graph.input(name, shape), NCHW);

describe.each([
  [[2, 3, 5, 7], false],
  [[3, 4, 1, 17], true],
] as const)('batch normalisation of %j, residual normalised: %s', (shape, isSecond) => {
  const channels = shape[3];
  const vectors = ['scale', 'bias', 'scale2', 'bias2', 'mean', 'variance'];
  const inputs = {
    ...Object.fromEntries(vectors.map((name, i) => [name, filled([channels], i + 20)])),
    x: filled(shape, 1),
    residual: filled(shape, 2),
    dy: filled(shape, 3),
    other: filled(shape, 4),
  };
  const given = (graph: Graph) =>
    Object.fromEntries(Object.entries(inputs).map(([name, { shape: of }]) => [name, graph.input(name, of)]));

  test('y, next statistics, and all gradients', async () => {
    const graph = new Graph();
    const { x, residual, dy, other, scale, bias, scale2, bias2, mean, variance } = given(graph);
    const norm = { statistics: native.batchStatistics(x, 1e-5), scale, bias };
    const norm2 = { statistics: native.batchStatistics(residual, 1e-5), scale: scale2, bias: bias2 };
    const second = isSecond ? norm2 : undefined;
    const y = native.normalise(x, norm, { residual: { value: residual, norm: second }, relu: true });
    const rows = sizeOf(shape) / channels;
    const next = native.runningStatistics(norm.statistics, { mean, variance }, { rows, momentum: 0.1 });
    const arriving = { dy, other, mask: { y } };
    const { sums, passing } = native.normaliseGradientSums(arriving, x, norm);
    graph.output('y', y);
    graph.output('nextMean', next.mean);
    graph.output('nextVariance', next.variance);
    graph.output('dbias', sums.bias);
    graph.output('dscale', sums.scale);
    graph.output('dx', native.normaliseGradient(arriving, x, norm, sums));
    const past = { dy: passing, mask: 'none' } as const;
    const sums2 = native.normaliseGradientSums(past, residual, norm2).sums;
    graph.output('dresidual', isSecond ? native.normaliseGradient(past, residual, norm2, sums2) : passing);

    const plain = new Graph();
    const [x1, residual1, dy1, other1] = ['x', 'residual', 'dy', 'other'].map((name) =>
      plainInput(plain, name, shape),
    );
    const [s, b, s2, b2, m, v] = vectors.map((name) => plain.input(name, [channels]));
    const [normal, batchMean, batchVariance] = batchNormTraining(x1, s, b, 1e-5);
    const beside = isSecond ? batchNormTraining(residual1, s2, b2, 1e-5)[0] : residual1;
    const y1 = relu(add(normal, beside));
    const blend = (old: Value, fresh: Value, share: number) =>
      add(mul(old, plain.scalar(0.9)), mul(fresh, plain.scalar(share)));
    const total = reduceSum(mul(y1, add(dy1, other1)), [0, 1, 2, 3], false);
    const [dx, dscale, dbias, dresidual] = backward(total, [x1, s, b, residual1]);
    plain.output('y', transpose(y1, NHWC));
    plain.output('nextMean', blend(m, batchMean, 0.1));
    plain.output('nextVariance', blend(v, batchVariance, (0.1 * rows) / (rows - 1)));
    plain.output('dbias', dbias);
    plain.output('dscale', dscale);
    plain.output('dx', transpose(dx, NHWC));
    plain.output('dresidual', transpose(dresidual, NHWC));
    expectNear(await (await compile(graph, 'native'))(inputs), await (await compile(plain))(inputs));
  });

  test('the mask of the normalised value is that of the result', async () => {
    const graph = new Graph();
    const { x, dy, scale, bias } = given(graph);
    const norm = { statistics: native.batchStatistics(x, 1e-5), scale, bias };
    const y = native.normalise(x, norm, { relu: true });
    for (const [name, mask] of Object.entries({ stored: { y }, computed: 'normalised' } as const)) {
      const { sums } = native.normaliseGradientSums({ dy, mask }, x, norm);
      graph.output(name, native.normaliseGradient({ dy, mask }, x, norm, sums));
    }
    const { stored, computed } = await (await compile(graph, 'native'))(inputs);
    expect(computed).toEqual(stored);
    expect(stored.some((value) => value !== 0)).toBe(true);
  });
});

test.each([
  [[2, 7, 6, 5], { kernel: [3, 3], stride: 2, padding: 1 }],
  [[1, 4, 8, 19], { kernel: [2, 2], stride: 2, padding: 0 }],
] as const)('pooling of %j by %j', async (shape, pool) => {
  const graph = new Graph();
  const x = graph.input('x', shape);
  const size = [shape[1], shape[2]] as const;
  const { y, places } = native.maxPool(x, pool);
  const dy = graph.input('dy', y.shape);
  const whole = { kernel: size, stride: 1, padding: 0 };
  const mean = native.averagePool(x, whole);
  const dmean = graph.input('dmean', mean.shape);
  graph.output('y', y);
  graph.output('dx', native.maxPoolGradient(dy, places, pool, size));
  graph.output('mean', mean);
  graph.output('dxOfMean', native.averagePoolGradient(dmean, whole, size));

  const plain = new Graph();
  const [x1, dy1, dmean1] = [
    ['x', shape],
    ['dy', y.shape],
    ['dmean', mean.shape],
  ].map(([name, of]) => plainInput(plain, name as string, of as number[]));
  const y1 = plainMaxPool(x1, pool).y;
  const mean1 = reduceMean(x1, [2, 3]);
  const [dx] = backward(reduceSum(mul(y1, dy1), [0, 1, 2, 3], false), [x1]);
  const [dxOfMean] = backward(reduceSum(mul(mean1, dmean1), [0, 1, 2, 3], false), [x1]);
  for (const [name, value] of Object.entries({ y: y1, dx, mean: mean1, dxOfMean }))
    plain.output(name, transpose(value, NHWC));
  const inputs = { x: filled(shape, 1), dy: filled(y.shape, 2), dmean: filled(mean.shape, 3) };
  expectNear(await (await compile(graph, 'native'))(inputs), await (await compile(plain))(inputs));
});

test('tensors that do not fit are refused with the node’s name', async () => {
  const graph = new Graph();
  const x = graph.input('x', [2, 3, 3, 4]);
  const scale = graph.input('scale', [4]);
  const norm = { statistics: graph.input('statistics', [2, 4]), scale, bias: scale };
  const y = native.normalise(x, norm, { relu: false });
  graph.output('y', y);
  const inputs = { x: filled([2, 3, 3, 4], 1), scale: filled([4], 2), statistics: filled([2, 4], 3) };
  await expect((await compile(graph, 'native'))(inputs)).rejects.toThrow(
    /Normalise node\. ?Name:'y'.*statistics must have the shape 3x4, not 2x4/s,
  );
});
