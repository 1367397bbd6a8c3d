/** The forms for graphics cards against those for the processor, both run on the processor. */
import { backward } from '../../src/graph/backward';
import { batchNormTraining } from '../../src/graph/composites';
import { Graph, type Target, type Value } from '../../src/graph/graph';
import * as ops from '../../src/graph/ops';
import { createOptimizer } from '../../src/graph/optimizers';
import { startOrtWorker, type Tensors } from '../../src/onnx/ort-worker';
import { Purpose, Stream } from '../../src/rng';
import { createModel } from '../../src/train';
import { gradientGraph, gradientName, stepGraph } from '../../src/train/graphs';
import { readNodes } from '../onnx-model';
import { compile } from './run';

interface Input {
  shape: readonly number[];
  data: Float32Array;
}

/** Numbers in [−1, 1), or whole numbers of few values, so that many are equal. */
function drawn(shape: readonly number[], sample: number, values?: number): Input {
  const numbers = new Stream(11, Purpose.dropout, { epoch: 0, batch: 0, sample });
  const size = shape.reduce((product, side) => product * side, 1);
  const data = Float32Array.from({ length: size }, () => {
    const value = 2 * numbers.uniform() - 1;
    return values === undefined ? value : Math.floor(((value + 1) / 2) * values) - 1;
  });
  return { shape, data };
}

/** The gradients of Σ v·y by all inputs, in the form for a target. */
async function gradientsOf(target: Target, inputs: readonly Input[], build: (x: Value[]) => Value) {
  const graph = new Graph(target);
  const values = inputs.map(({ shape }, i) => graph.input(`x${i}`, shape));
  const y = build(values);
  const v = graph.input('v', y.shape);
  const axes = y.shape.map((_, axis) => axis);
  backward(ops.reduceSum(ops.mul(y, v), axes, false), values).forEach((gradient, i) => {
    graph.output(`d${i}`, gradient);
  });
  const feeds: Tensors = { v: drawn(y.shape, 100, 9) };
  inputs.forEach((input, i) => (feeds[`x${i}`] = input));
  const found = await (await compile(graph))(feeds);
  return { found, operators: new Set(graph.nodes.map(({ op }) => op)) };
}

async function both(inputs: readonly Input[], build: (x: Value[]) => Value, card: Target = 'webgpu') {
  const cpu = await gradientsOf('cpu', inputs, build);
  const gpu = await gradientsOf(card, inputs, build);
  return { cpu: cpu.found, gpu: gpu.found, operators: gpu.operators };
}

const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function expectNear(found: Record<string, Float32Array>, wanted: Record<string, Float32Array>): void {
  expect(Object.keys(found)).toEqual(Object.keys(wanted));
  for (const [name, values] of Object.entries(wanted)) {
    const miss = values.map((value, i) => value - found[name][i]);
    expect([name, largest(miss) <= 3e-6 * largest(values)]).toEqual([name, true]);
  }
}

describe('max pooling: of equal values the first, and sums of whole numbers exactly', () => {
  const cases: [kernel: [number, number], stride: number, padding: number, side: [number, number]][] = [
    [[2, 2], 2, 0, [6, 8]],
    [[3, 3], 2, 1, [7, 8]],
    [[3, 3], 2, 1, [8, 8]],
    [[3, 3], 1, 1, [5, 4]],
    [[2, 2], 3, 0, [9, 7]],
    [[2, 3], 2, 1, [5, 9]],
    [[5, 5], 2, 2, [5, 5]],
    [[3, 3], 3, 1, [10, 4]],
    [[1, 1], 2, 0, [5, 5]],
  ];
  test.each(cases)('%j windows, stride %i, padding %i, of %j', async (kernel, stride, padding, side) => {
    const x = drawn([2, 3, ...side], 1, 4);
    const { cpu, gpu, operators } = await both(
      [x],
      ([value]) => ops.maxPool(value, { kernel, stride, padding }).y,
    );
    expect(largest(cpu.d0)).toBeGreaterThan(3);
    // −0 is 0 here.
    expect(gpu.d0.map((value) => value + 0)).toEqual(cpu.d0.map((value) => value + 0));
    expect(operators).not.toContain('ScatterElements');
  });
});

describe('convolution', () => {
  const cases: [
    what: string,
    x: number[],
    kernel: [number, number],
    out: number,
    window: [number, number],
  ][] = [
    ['3 × 3', [4, 3, 6, 5], [3, 3], 2, [1, 1]],
    ['in steps, odd sides', [2, 3, 7, 9], [3, 3], 4, [2, 1]],
    ['1 × 1 in steps', [3, 2, 6, 6], [1, 1], 3, [2, 0]],
    ['5 × 3 without padding', [2, 2, 7, 6], [5, 3], 3, [1, 0]],
    ['many groups', [64, 2, 16, 16], [3, 3], 3, [1, 1]],
    ['images that halve into groups once', [6, 2, 16, 16], [3, 3], 3, [1, 1]],
  ];
  test.each(cases)('%s', async (_, shape, kernel, out, [stride, padding]) => {
    const inputs = [drawn(shape, 1), drawn([out, shape[1], ...kernel], 2)];
    const convolved = ([x, w]: Value[]) => ops.conv(x, w, undefined, { stride, padding });
    const webgpu = await both(inputs, convolved);
    expectNear(webgpu.gpu, webgpu.cpu);
    expect(webgpu.operators).toContain('MatMul');
  });
});

test('by CUDA a gradient of weights is a product with windows, of as many images as there is room for', () => {
  const gradientOf = (shape: number[]) => {
    const graph = new Graph('cuda');
    const [x, w] = [graph.input('x', shape), graph.input('w', [4, shape[1], 3, 3])];
    const y = ops.conv(x, w, undefined, { stride: 2, padding: 1 });
    const [dw] = backward(ops.reduceSum(y, [0, 1, 2, 3], false), [w]);
    expect(dw.shape).toEqual(w.shape);
    return graph.nodes.filter(({ op }) => /Unfold|Gemm/.test(op));
  };
  const images = (nodes: ReturnType<typeof gradientOf>) =>
    nodes.flatMap(({ attributes }) => ('images' in attributes ? [attributes.images] : []));
  const small = gradientOf([3, 2, 5, 8]);
  expect(small.map(({ op, outputs }) => [op, outputs[0].shape])).toEqual([
    ['saliencymix:Unfold', [4, 3 * 3 * 4]],
    ['saliencymix:Unfold', [18, 3 * 3 * 4]],
    ['Gemm', [4, 18]],
  ]);
  expect(images(small)).toEqual([
    [0, 3],
    [0, 3],
  ]);
  // A little less than 2^26 numbers an image: two at a time.
  const large = gradientOf([5, 4, 2724, 2724]);
  expect(images(large)).toEqual([0, 0, 2, 2, 4, 4].map((first) => [first, Math.min(2, 5 - first)]));
  const products = large.filter(({ op }) => op === 'Gemm');
  expect(products.map(({ inputs }) => inputs[2])).toEqual([
    undefined,
    products[0].outputs[0],
    products[1].outputs[0],
  ]);
});

test('sums per channel', async () => {
  const inputs = [drawn([5, 3, 7, 6], 1), drawn([3], 2), drawn([3], 3)];
  const { cpu, gpu } = await both(inputs, ([x, scale, bias]) => batchNormTraining(x, scale, bias, 1e-5)[0]);
  expectNear(gpu, cpu);
});

const model = createModel('resnet', {
  block: 'bottleneck',
  layers: [1, 1],
  width: 4,
  stem: 'imagenet',
  classes: 3,
});
const shape = { count: 4, image: [32, 32] } as const;

test('a network with a pooling stem has the same gradients in both forms', async () => {
  const worker = startOrtWorker();
  const inputs: Tensors = { images: drawn([4, 3, 32, 32], 1), labels: drawn([4, 3], 2) };
  for (const [i, { name, shape: sides }] of model.parameters.entries()) {
    const { data } = drawn(sides, 3 + i);
    // Variances are not read in training mode.
    inputs[name] = { shape: sides, data: data.map((value) => value / 2) };
  }
  const outputs = [
    'loss',
    ...model.parameters.flatMap(({ name, trained }) => (trained ? [gradientName(name)] : [])),
  ];
  const results = [];
  for (const form of ['plain', 'webgpu'] as const) {
    await worker.add(form, gradientGraph(model, shape, form).bytes, { threads: 1 });
    const found = await worker.run({ model: form, inputs, outputs });
    results.push(Object.fromEntries(outputs.map((name) => [name, found[name].data])));
  }
  await worker.close();
  const [plain, webgpu] = results;
  for (const name of outputs) {
    const miss = plain[name].map((value, i) => value - webgpu[name][i]);
    expect([name, largest(miss) <= 2e-5 * largest(plain[name])]).toEqual([name, true]);
  }
});

test('a step for graphics cards asks for nothing that WebGPU does not have', () => {
  const wrn = createModel('wrn', { depth: 10, widen: 1, dropout: 0.3, classes: 3 });
  for (const one of [model, wrn]) {
    const { bytes, outputs } = stepGraph(one, shape, createOptimizer({ name: 'adamw' }), {
      form: 'webgpu',
    });
    const nodes = readNodes(bytes);
    const operators = new Set(nodes.map(({ opType }) => opType));
    expect(operators).toContain('MatMul');
    expect(operators).not.toContain('ScatterElements');
    const pools = nodes.filter(({ opType }) => opType === 'MaxPool');
    expect(pools).toHaveLength(one === model ? 1 : 0);
    for (const { output } of pools) expect(output).toHaveLength(1); // without Indices
    expect(outputs).toEqual(expect.arrayContaining(['loss', 'logits', 'finiteCheck', 'next/fc.weight']));
  }
});
