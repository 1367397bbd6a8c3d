/** Exported models in other programs: onnx's own checker, and OpenCV's dnn, which read the schema strictly. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createModel, type Model } from '../../src/train';
import { gradientGraph, predictionGraph, stepGraph } from '../../src/train/graphs';
import { createOptimizer } from '../../src/graph/optimizers';
import { readNodes } from '../onnx-model';
import { pythonWith } from '../python';
import { CLASSES, smallTrainer, symmetric, workFolder } from './fixtures';

const folder = workFolder();
const classes = CLASSES;

const models: [what: string, model: Model, image: [number, number]][] = [
  ['resnet-cifar', createModel('resnet', { layers: [1, 1], width: 4, classes, stem: 'cifar' }), [16, 16]],
  ['resnet-imagenet', createModel('resnet', { layers: [1, 1], width: 4, classes }), [64, 96]],
  [
    'bottleneck',
    createModel('resnet', { block: 'bottleneck', layers: [1, 1], width: 4, classes, stem: 'cifar' }),
    [16, 16],
  ],
  ['wrn', createModel('wrn', { depth: 10, widen: 1, dropout: 0.3, classes }), [16, 16]],
  ['vgg16-bn', createModel('vgg16-bn', { classes, stem: 'cifar' }), [32, 32]],
];

/** The field of AttributeProto that each AttributeType has its value in. */
const FIELDS: Record<number, string> = { 1: 'f', 2: 'i', 3: 's', 5: 'g', 7: 'ints' };

test.each(models)('%s: every attribute has its value in the file, zero too', (_, model, image) => {
  const shape = { count: 2, image };
  const sgd = createOptimizer({ name: 'sgd', momentum: 0.9 });
  const graphs = [
    predictionGraph(model, shape).bytes,
    gradientGraph(model, shape).bytes,
    stepGraph(model, shape, sgd).bytes,
    stepGraph(model, shape, sgd, { several: true }).bytes,
  ];
  const attributes = graphs.map((bytes) =>
    readNodes(bytes).flatMap(({ opType, attribute }) => attribute.map((one) => ({ opType, one }))),
  );
  const withoutValue = attributes
    .flat()
    .filter(({ one }) => !Object.hasOwn(one, FIELDS[one.type]))
    .map(({ opType, one }) => `${opType} ${one.name}`);
  expect(withoutValue).toEqual([]);
  const zeros = attributes[0].filter(({ one }) => Number(one.i) === 0).map(({ one }) => one.name);
  expect(zeros).toEqual(expect.arrayContaining(['keepdims', 'transA']));
});

const SCRIPT = `
import cv2, json, numpy, onnx, sys
result = []
for job in json.load(sys.stdin):
    onnx.checker.check_model(onnx.load(job['model']), full_check=True)
    net = cv2.dnn.readNetFromONNX(job['model'])
    images = numpy.fromfile(job['images'], '<f4').reshape(job['shape'])
    logits = []
    for count in (1, len(images)):
        net.setInput(images[:count])
        logits.append(net.forward().flatten().tolist())
    result.append(logits)
print(json.dumps(result))`;

const python = pythonWith('cv2', 'onnx', 'numpy');

(python === undefined ? test.skip : test)(
  'onnx’s full check passes, and OpenCV gives the logits of predict, for one image and for several',
  async () => {
    const jobs: { model: string; images: string; shape: number[] }[] = [];
    const expected: number[][] = [];
    for (const [what, model, image] of models) {
      const trainer = await smallTrainer({ batch: 4, image, seed: 3 }, model);
      const shape = [3, 3, ...image];
      const images = symmetric(what, 9 * image[0] * image[1], 1.7);
      const labels = Float32Array.from({ length: 3 * classes }, (_, i) => Number(i % classes === 1));
      for (let i = 0; i < 2; i++) await trainer.step({ images, labels, learningRate: 0.01 });
      expected.push([...(await trainer.predict(images))]);
      const files = { model: join(folder, `${what}.onnx`), images: join(folder, `${what}.f32`) };
      await trainer.exportOnnx(files.model);
      writeFileSync(files.images, Buffer.from(images.buffer));
      jobs.push({ ...files, shape });
    }
    const { stdout, stderr } = spawnSync(python as string, ['-c', SCRIPT], {
      input: JSON.stringify(jobs),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const found = JSON.parse(stdout) as [one: number[], all: number[]][];
    expected.forEach((logits, job) => {
      const [one, all] = found[job];
      expect(all).toHaveLength(logits.length);
      const apart = (some: number[]) => Math.max(...some.map((value, i) => Math.abs(value - logits[i])));
      expect(apart(one)).toBeLessThan(1e-4);
      expect(apart(all)).toBeLessThan(1e-4);
      expect(Math.max(...logits.map(Math.abs))).toBeGreaterThan(0.02);
    });
  },
  120_000,
);
