/**
 * Scalars beside tensors: ONNX Runtime takes ten times as long for [O, C, 1, 1] times a value of rank 0 as for
 * [O, C, 1, 1] times [1, 1, 1, 1], so no operator of a trainer's graphs may have the two together.
 */
import { Graph, type Node } from '../../src/graph/graph';
import { createOptimizer, type OptimizerOptions } from '../../src/graph/optimizers';
import * as ops from '../../src/graph/ops';
import { createModel, type Model } from '../../src/train';
import { gradientGraph, predictionGraph, stepGraph } from '../../src/train/graphs';

const models: [string, Model, side: number][] = [
  ['resnet20', createModel('resnet20', { classes: 10 }), 32],
  ['resnet50', createModel('resnet50', { classes: 1000 }), 64],
  ['wrn with dropout', createModel('wrn', { depth: 10, widen: 1, dropout: 0.3, classes: 10 }), 32],
  ['vgg16-bn with its large classifier', createModel('vgg16-bn', { classes: 10 }), 224],
];
const optimizers: OptimizerOptions[] = [
  { name: 'sgd', momentum: 0, weightDecay: 5e-4 },
  { name: 'sgd', nesterov: true, weightDecay: 5e-4 },
  { name: 'adamw' },
];

/** The graph that `make` builds with the model. */
function graphOf(model: Model, make: (model: Model) => unknown): Graph {
  const built: Graph[] = [];
  make({
    ...model,
    build(net, images) {
      built.push(net.graph);
      return model.build(net, images);
    },
  });
  expect(built).toHaveLength(1);
  return built[0];
}

/** Axes, shapes and indices are int64; they are no operands. */
function mixesRanks({ inputs }: Node): boolean {
  const ranks = inputs.flatMap((input) => (input && input.dtype !== 'int64' ? [input.shape.length] : []));
  return ranks.includes(0) && ranks.some((rank) => rank > 0);
}

const described = ({ op, inputs }: Node) =>
  `${op}(${inputs.map((input) => `[${input?.shape.join(', ')}]`).join(', ')})`;

describe.each(models)('%s', (_, model, side) => {
  const shape = { count: 2, image: [side, side] } as const;

  test.each(optimizers)('a step of %j', (options) => {
    const graph = graphOf(model, (one) => stepGraph(one, shape, createOptimizer(options)));
    expect(graph.nodes.length).toBeGreaterThan(100);
    expect(graph.nodes.filter(mixesRanks).map(described)).toEqual([]);
  });

  test('gradients and prediction', () => {
    for (const make of [gradientGraph, predictionGraph]) {
      const graph = graphOf(model, (one) => make(one, shape));
      expect(graph.nodes.filter(mixesRanks).map(described)).toEqual([]);
    }
  });
});

test('constants, inputs and results of rank 0 get the rank of what they are combined with', () => {
  const graph = new Graph();
  const [x, rate] = [graph.input('x', [2, 3, 1, 1]), graph.input('rate', [])];
  const half = graph.scalar(0.5);
  const halved = ops.mul(x, half);
  ops.sub(ops.mul(rate, half), halved);
  ops.where(ops.greater(x, rate), half, x);
  expect(graph.nodes.map(described)).toEqual([
    'Mul([2, 3, 1, 1], [1, 1, 1, 1])',
    'Mul([], [])', // two scalars stay as they are
    'Reshape([], [4])',
    'Sub([1, 1, 1, 1], [2, 3, 1, 1])',
    'Reshape([], [4])',
    'Greater([2, 3, 1, 1], [1, 1, 1, 1])',
    'Where([2, 3, 1, 1], [1, 1, 1, 1], [2, 3, 1, 1])',
  ]);
  expect(halved.shape).toEqual([2, 3, 1, 1]);
});
