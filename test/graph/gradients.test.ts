/**
 * Every entry of the gradient table against central differences: for a random direction u and random weights v of the
 * result, v·(f(x + hu) − f(x − hu))/2h must be the gradient's product with u.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { backward } from '../../src/graph/backward';
import {
  batchNormTraining,
  dropBlocks,
  dropout,
  keptBranch,
  mixedRows,
  softmaxCrossEntropy,
} from '../../src/graph/composites';
import { gradients, type Rule } from '../../src/graph/gradients';
import { Graph, type Shape, sizeOf, type Value } from '../../src/graph/graph';
import * as ops from '../../src/graph/ops';
import { Purpose, Stream } from '../../src/rng';
import { compile } from './run';

/** How values are drawn. apart: all different by more than a step; signed: not near zero; share: rows that sum to 1. */
type Draw = 'any' | 'positive' | 'signed' | 'apart' | 'share';

interface Case {
  what: string;
  inputs: [shape: Shape, draw?: Draw][];
  build: (values: Value[]) => Value;
  /** Inputs that have a gradient; all unless given. */
  wrt?: number[];
}

const conv = (
  n: number,
  c: number,
  side: [number, number],
  out: number,
  k: number,
  s: number,
  p: number,
  bias = false,
): Case => ({
  what: `${n}×${c}×${side.join('×')} by ${out} of ${k}², stride ${s}, padding ${p}${bias ? ', bias' : ''}`,
  inputs: [[[n, c, ...side]], [[out, c, k, k]], ...(bias ? [[[out]] as [Shape]] : [])],
  build: ([x, w, b]) => ops.conv(x, w, b, { stride: s, padding: p }),
});
const gemm = (transA: boolean, transB: boolean, bias: Shape | undefined): Case => ({
  what: `${transA ? 'Aᵀ' : 'A'}·${transB ? 'Bᵀ' : 'B'}${bias ? ` + [${bias.join()}]` : ''}`,
  inputs: [[transA ? [4, 3] : [3, 4]], [transB ? [5, 4] : [4, 5]], ...(bias ? [[bias] as [Shape]] : [])],
  build: ([a, b, c]) => ops.gemm(a, b, c, { transA, transB }),
});
const pairs = (build: Case['build'], how: Draw = 'any'): Case[] => [
  { what: 'same shapes', inputs: [[[2, 3]], [[2, 3], how]], build },
  { what: 'a vector on the right', inputs: [[[2, 3, 4]], [[4], how]], build },
  { what: 'sides of 1', inputs: [[[2, 1, 4]], [[3, 1], how]], build },
  { what: 'a scalar on the left', inputs: [[[]], [[2, 3], how]], build },
];
const same = (build: Case['build'], how: Draw = 'any'): Case[] => [
  { what: 'a matrix', inputs: [[[3, 5], how]], build },
];
const reductions = (of: (x: Value, axes: number[], keep?: boolean) => Value): Case[] => [
  { what: 'rows', inputs: [[[3, 5]]], build: ([x]) => of(x, [1]) },
  { what: 'all but channels', inputs: [[[2, 3, 4, 5]]], build: ([x]) => of(x, [0, 2, 3]) },
  { what: 'axes dropped', inputs: [[[2, 3, 4, 5]]], build: ([x]) => of(x, [2, 3], false) },
  { what: 'everything', inputs: [[[2, 3]]], build: ([x]) => of(x, [0, 1], false) },
];

const cases: Record<string, Case[]> = {
  Add: pairs(([a, b]) => ops.add(a, b)),
  Sub: pairs(([a, b]) => ops.sub(a, b)),
  Mul: [
    ...pairs(([a, b]) => ops.mul(a, b)),
    { what: 'a square', inputs: [[[4]]], build: ([a]) => ops.mul(a, a) },
  ],
  Div: pairs(([a, b]) => ops.div(a, b), 'positive'),
  Neg: same(([x]) => ops.neg(x)),
  Exp: same(([x]) => ops.exp(x)),
  Log: same(([x]) => ops.log(x), 'positive'),
  Sqrt: same(([x]) => ops.sqrt(x), 'positive'),
  Sigmoid: same(([x]) => ops.sigmoid(x)),
  Relu: same(([x]) => ops.relu(x), 'signed'),
  Identity: same(([x]) => ops.identity(x)),
  Where: [
    {
      what: 'a condition of another value',
      inputs: [[[2, 3], 'signed'], [[2, 3]], [[3]]],
      wrt: [1, 2],
      build: ([c, a, b]) => ops.where(ops.greater(c, c.graph.scalar(0)), a, b),
    },
  ],
  ReduceSum: reductions(ops.reduceSum),
  ReduceMean: reductions(ops.reduceMean),
  Reshape: [{ what: 'merged', inputs: [[[2, 3, 4]]], build: ([x]) => ops.reshape(x, [6, 4]) }],
  Transpose: [{ what: 'turned', inputs: [[[2, 3, 4]]], build: ([x]) => ops.transpose(x, [2, 0, 1]) }],
  Expand: [{ what: 'two axes', inputs: [[[3, 1]]], build: ([x]) => ops.expand(x, [2, 3, 4]) }],
  Slice: [
    {
      what: 'a window',
      inputs: [[[2, 5, 6]]],
      build: ([x]) =>
        ops.slice(x, [
          { axis: 1, start: 1, end: 4 },
          { axis: 2, start: 0, end: 6 },
        ]),
    },
  ],
  Pad: [{ what: 'uneven', inputs: [[[2, 3]]], build: ([x]) => ops.pad(x, [0, 2], [1, 3]) }],
  Concat: [{ what: 'three', inputs: [[[2, 1]], [[2, 3]], [[2, 2]]], build: (parts) => ops.concat(parts, 1) }],
  Gemm: [
    gemm(false, false, undefined),
    gemm(true, false, [5]),
    gemm(false, true, [1, 5]),
    gemm(true, true, [3, 5]),
  ],
  Conv: [
    conv(2, 3, [9, 7], 4, 3, 1, 1),
    conv(2, 3, [9, 7], 4, 3, 2, 1, true),
    conv(2, 3, [8, 8], 4, 1, 1, 0),
    conv(2, 3, [9, 8], 4, 1, 2, 0),
    conv(1, 2, [20, 19], 3, 3, 1, 1),
    conv(1, 2, [37, 36], 3, 3, 2, 1),
    conv(2, 2, [6, 6], 3, 5, 1, 2),
    conv(2, 2, [6, 5], 3, 2, 2, 0),
    conv(2, 3, [21, 23], 4, 7, 2, 3),
    conv(1, 3, [12, 12], 2, 7, 1, 3, true),
    conv(1, 1, [1, 1], 1, 3, 1, 1),
  ],
  MaxPool: [
    {
      what: 'overlapping windows with padding',
      inputs: [[[2, 3, 7, 8], 'apart']],
      build: ([x]) => ops.maxPool(x, { kernel: [3, 3], stride: 2, padding: 1 }).y,
    },
    {
      what: 'whole windows',
      inputs: [[[1, 2, 4, 6], 'apart']],
      build: ([x]) => ops.maxPool(x, { kernel: [2, 2], stride: 2, padding: 0 }).y,
    },
  ],
  BatchNormalization: [
    {
      what: 'fixed statistics',
      inputs: [[[2, 3, 4, 5]], [[3]], [[3]], [[3]], [[3], 'positive']],
      wrt: [0, 1, 2],
      build: ([x, scale, bias, mean, variance]) =>
        ops.batchNormInference(x, scale, bias, mean, variance, 1e-5),
    },
  ],
  BatchNormTraining: [
    {
      what: 'a batch',
      inputs: [[[3, 2, 4, 5]], [[2]], [[2]]],
      build: ([x, s, b]) => batchNormTraining(x, s, b, 1e-5)[0],
    },
    {
      what: 'one pixel',
      inputs: [[[5, 3, 1, 1]], [[3]], [[3]]],
      build: ([x, s, b]) => batchNormTraining(x, s, b, 1e-2)[0],
    },
  ],
  SoftmaxCrossEntropy: [
    {
      what: 'soft labels',
      inputs: [[[4, 6]], [[4, 6], 'share']],
      wrt: [0],
      build: ([z, y]) => softmaxCrossEntropy(z, y),
    },
    {
      what: 'labels of another sum',
      inputs: [[[3, 5]], [[3, 5]]],
      wrt: [0],
      build: ([z, y]) => softmaxCrossEntropy(z, y),
    },
    {
      what: 'one class',
      inputs: [[[3, 1]], [[3, 1], 'share']],
      wrt: [0],
      build: ([z, y]) => softmaxCrossEntropy(z, y),
    },
  ],
  Dropout: [
    {
      what: 'some of it dropped',
      inputs: [[[2, 3, 4]], [[2, 3, 4], 'signed']],
      wrt: [0],
      build: ([x, kept]) => dropout(x, ops.greater(kept, x.graph.scalar(0)), 0.3),
    },
  ],
  StochasticDepth: [
    {
      what: 'some images without',
      inputs: [[[6, 2, 3, 2]], [[6, 1, 1, 1], 'signed']],
      wrt: [0],
      build: ([x, kept]) => keptBranch(x, ops.greater(kept, x.graph.scalar(0)), 1.5),
    },
  ],
  MixedRows: [
    {
      what: 'a cycle of three, a pair, and a row with itself',
      inputs: [[[6, 2, 3]]],
      build: ([x]) => {
        const places = (rows: number[]) => x.graph.constant(rows, [6], 'int64');
        const [partners, inverse] = [places([1, 2, 0, 4, 3, 5]), places([2, 0, 1, 4, 3, 5])];
        return mixedRows(x, { partners, inverse, lambda: x.graph.scalar(0.3) });
      },
    },
  ],
  DropBlock: [
    {
      what: 'squares of each channel',
      inputs: [[[2, 3, 6, 5]], [[2, 3, 4, 4], 'signed']],
      wrt: [0],
      build: ([x, kept]) => dropBlocks(x, ops.greater(kept, x.graph.scalar(-0.9)), [3, 2]),
    },
    {
      what: 'squares of all channels',
      inputs: [[[3, 2, 4, 4]], [[3, 1, 3, 3], 'signed']],
      wrt: [0],
      build: ([x, kept]) => dropBlocks(x, ops.greater(kept, x.graph.scalar(-0.7)), [2, 2]),
    },
  ],
};

const STEP = 1e-2;
const stream = (number: number) => new Stream(2026, Purpose.drawing, { epoch: 0, batch: 0, sample: number });

function draw(shape: Shape, how: Draw, number: number): Float32Array {
  const numbers = stream(number);
  const size = sizeOf(shape);
  if (how === 'apart') {
    const order = Array.from({ length: size }, (_, i) => ({ i, key: numbers.uniform() }));
    order.sort((a, b) => a.key - b.key);
    return Float32Array.from(order, ({ i }) => (i - size / 2) * 8 * STEP);
  }
  const values = Float32Array.from({ length: size }, () => {
    const value = 2 * numbers.uniform() - 1;
    if (how === 'any') return value;
    if (how === 'signed') return value + Math.sign(value) * 0.2;
    return Math.abs(value) + 0.5;
  });
  if (how !== 'share') return values;
  const [, width] = shape;
  return values.map((value, i) => {
    const row = Math.floor(i / width) * width;
    return value / values.subarray(row, row + width).reduce((a, b) => a + b, 0);
  });
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const norm = (a: Float32Array) => Math.sqrt(dot(a, a));

async function check({ inputs, build, wrt = inputs.map((_, i) => i) }: Case): Promise<void> {
  const graph = new Graph();
  const values = inputs.map(([shape], i) => graph.input(`x${i}`, shape));
  const y = build(values);
  const v = graph.input('v', y.shape);
  const weighed = ops.mul(y, v);
  const total =
    y.shape.length === 0
      ? weighed
      : ops.reduceSum(
          weighed,
          y.shape.map((_, axis) => axis),
          false,
        );
  backward(
    total,
    wrt.map((i) => values[i]),
  ).forEach((gradient, k) => {
    expect(gradient.shape).toEqual(values[wrt[k]].shape);
    graph.output(`d${wrt[k]}`, gradient);
  });
  graph.output('y', y);
  const run = await compile(graph);
  const at = inputs.map(([shape, how = 'any'], i) => draw(shape, how, i));
  const weights = draw(y.shape, 'any', 100);
  const feeds = (moved: Float32Array[]) => ({
    v: { data: weights, shape: y.shape },
    ...Object.fromEntries(moved.map((data, i) => [`x${i}`, { data, shape: inputs[i][0] }])),
  });
  const found = await run(feeds(at));
  for (const i of wrt) {
    const u = draw(inputs[i][0], 'any', 200 + i);
    const moved = (h: number) =>
      feeds(at.map((x, k) => (k === i ? x.map((value, j) => value + h * u[j]) : x)));
    const [up, down] = [await run(moved(STEP)), await run(moved(-STEP))];
    const numeric = (dot(weights, up.y) - dot(weights, down.y)) / (2 * STEP);
    const gradient = found[`d${i}`];
    const scale = norm(gradient) * norm(u) + 1e-3;
    expect(Math.abs(dot(gradient, u) - numeric) / scale).toBeLessThan(1e-3);
  }
}

const withRule = Object.keys(gradients).filter((op) => typeof gradients[op] === 'function');

test('every rule of the table has cases', () => {
  expect(Object.keys(cases).toSorted()).toEqual(withRule.toSorted());
});

describe.each(withRule.filter((op) => op in cases))('%s', (op) => {
  test.each(cases[op].map((one) => [one.what, one] as const))('%s', async (_, one) => {
    const graph = new Graph();
    one.build(one.inputs.map(([shape], i) => graph.input(`x${i}`, shape)));
    expect(graph.tape.map((node) => node.op)).toContain(op);
    await check(one);
  });
});

test('every operator of ops/ is in the table', () => {
  const folder = resolve(__dirname, '..', '..', 'src', 'graph', 'ops');
  const source = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  const made = [...source.matchAll(/(?:single|binary|unary|reduction|node)\(\s*'(\w+)'/g)].map(
    ([, op]) => op,
  );
  expect(made.length).toBeGreaterThan(20);
  expect([...new Set(made)].filter((op) => !(op in gradients))).toEqual([]);
});

describe('the walk', () => {
  test('a value that is used twice gets the sum of both', async () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const [gradient] = backward(ops.reduceSum(ops.mul(ops.add(x, x), x), [0], false), [x]);
    graph.output('d', gradient);
    const { d } = await (await compile(graph))({ x: { data: Float32Array.of(3, -5), shape: [2] } });
    expect([...d]).toEqual([12, -20]);
  });

  test('what the scalar does not depend on has a gradient of zeros', async () => {
    const graph = new Graph();
    const [x, other] = [graph.input('x', [2]), graph.input('other', [2, 2])];
    const [, gradient] = backward(ops.reduceSum(x, [0], false), [x, other]);
    graph.output('d', gradient);
    const feeds = {
      x: { data: new Float32Array(2), shape: [2] },
      other: { data: new Float32Array(4).fill(7), shape: [2, 2] },
    };
    expect([...(await (await compile(graph))(feeds)).d]).toEqual([0, 0, 0, 0]);
  });

  test('nothing flows through a comparison', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const ones = ops.where(ops.greater(x, graph.scalar(0)), graph.scalar(1), graph.scalar(0));
    const [gradient] = backward(ops.reduceSum(ops.mul(ones, x), [0], false), [x]);
    expect(gradient.shape).toEqual([2]);
  });

  test('asking for a forbidden gradient names the operator and its shape', () => {
    const graph = new Graph();
    const x = graph.input('x', [2, 3]);
    const most = ops.reduceSum(ops.reduceMax(x, [1]), [0, 1], false);
    expect(() => backward(most, [x])).toThrow('ReduceMax of [2, 3] has no gradient');
    expect(() => backward(x, [x])).toThrow('Only scalars are differentiated, not [2, 3]');
    const strided = ops.slice(x, [{ axis: 1, start: 0, end: 3, step: 2 }]);
    expect(() => backward(ops.reduceSum(strided, [0, 1], false), [x])).toThrow('Slice in steps');
  });

  test('a rule that does not give one gradient per input is refused by its operator’s name', () => {
    const graph = new Graph();
    const [a, b] = [graph.input('a', [2, 3]), graph.input('b', [3])];
    const loss = ops.reduceSum(ops.mul(a, b), [0, 1], false);
    const wrong = (rule: Rule) => () => backward(loss, [a], { ...gradients, Mul: rule });
    expect(wrong(({ dy: [dy] }) => [dy])).toThrow(
      'The gradient rule of Mul must give one per input, not 1 for the 2 inputs of [2, 3], [3]',
    );
    expect(wrong(({ dy: [dy] }) => [dy, dy, dy])).toThrow('of Mul must give one per input, not 3');
    expect(wrong(({ dy: [dy] }) => [dy, undefined])()[0].shape).toEqual([2, 3]);
  });
});
