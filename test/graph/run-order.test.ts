/** The order of a step's nodes: what saves memory, and that nothing reads what has been written over. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { Graph, type Node } from '../../src/graph/graph';
import { add, mul, reduceSum } from '../../src/graph/ops';
import { makerOf, readsLast, savingMemory } from '../../src/graph/run-order';

/** Two layers that read w, and a last node that does so, too. */
function example() {
  const graph = new Graph();
  const [w, x] = [graph.input('w', [4]), graph.input('x', [100, 4])];
  const first = mul(x, w);
  const second = mul(first, w);
  const ofSecond = reduceSum(second, [0], false);
  const ofFirst = reduceSum(first, [0], false);
  const last = add(add(ofSecond, ofFirst), w);
  return { graph, w, first, ofSecond, last };
}

const names = (nodes: readonly Node[]) => nodes.map(({ outputs }) => outputs[0].name);

test('what only the last node reads stands before it, in reverse; what is larger than what it is made of first', () => {
  const graph = new Graph();
  const x = graph.input('x', [100, 4]);
  const one = mul(x, x);
  const sumOne = reduceSum(one, [0], false);
  const two = mul(one, one);
  const sumTwo = reduceSum(two, [0], false);
  const small = reduceSum(x, [0], false);
  const large = graph.node('Tile', [small], {}, [{ shape: [9, 4] }])[0];
  const [last] = graph.node('Last', [sumOne, sumTwo, large], {}, [{ shape: [] }]);
  const order = savingMemory(graph.nodes, makerOf(graph, last));
  expect(names(order)).toEqual([one, two, small, large, sumTwo, sumOne, last].map(({ name }) => name));
});

test('a value is written over only where all that read it are needed for what writes it', () => {
  const { graph, w, last, first, ofSecond } = example();
  const update = makerOf(graph, last);
  expect(readsLast(graph.nodes, update, [w])).toBe(true);
  expect(readsLast(graph.nodes, makerOf(graph, ofSecond), [w])).toBe(false); // `last` reads it, too
  mul(first, w);
  expect(readsLast(graph.nodes, update, [w])).toBe(false);
  expect(readsLast(graph.nodes, update, [first])).toBe(false);
});

test('a step needs memory for weights, momentum and gradients once', () => {
  const script = `
    const { Trainer, createModel } = require('./dist/train');
    const { readFileSync } = require('node:fs');
    // Of what a process held at most, Linux counts that of the one that started it, too.
    const own = () => Number(/^VmHWM:\\s+(\\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
    const most = () => (process.platform === 'linux' ? own() : process.resourceUsage().maxRSS) / 1024;
    (async () => {
      const model = createModel('resnet18', { classes: 10, stem: 'cifar' });
      const before = most();
      const trainer = await Trainer.create(model, { batch: 2, image: [32, 32], engine: 'native', threads: 1 });
      const [images, labels] = [new Float32Array(2 * 3 * 1024).fill(0.1), new Float32Array(20)];
      labels[0] = labels[13] = 1;
      for (let i = 0; i < 4; i++) await trainer.step({ images, labels, learningRate: 0.01 });
      await trainer.close();
      console.log(most() - before);
    })();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: resolve(__dirname, '..', '..'),
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  // 43 MB of weights three times, ONNX Runtime and the rest: 202. With the old and the new ones side by side it was 406.
  expect(Number(stdout)).toBeLessThan(260);
});
