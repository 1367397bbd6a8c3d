/** Operators of this package, run by ONNX Runtime in a model, against the plain forms and their gradients. */
import { backward } from '../../src/graph/backward';
import { Graph, sizeOf, type Value } from '../../src/graph/graph';
import * as native from '../../src/graph/native-ops';
import { mul, conv as plainConv, reduceSum, transpose } from '../../src/graph/ops';
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
  { name: 'a row', image: [1, 1, 11, 4], out: 3, kernel: [1, 5], stride: 1, padding: 0 },
];

test.each(cases)(
  'convolution and its gradients: $name',
  async ({ image, out, kernel, stride = 1, padding = 0 }) => {
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
      expect(miss).toBeLessThan(1e-4);
      expect(found[name].length).toBe(wanted[name].length);
    }
  },
);
