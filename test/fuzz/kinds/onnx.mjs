/** ONNX models, evaluated and as saliency models. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageApi, trainApi } from '../lib/api.mjs';
import { changeBytes } from '../lib/bytes.mjs';
import { floats, integers, model, node, outside } from '../lib/onnx.mjs';
import { must, outcomeOf } from '../lib/oracle.mjs';
import { small } from '../lib/pictures.mjs';
import { changeMessage } from '../lib/protobuf.mjs';
import { trainedFiles } from '../lib/trained.mjs';

const { saliency } = packageApi;
const { evaluate } = trainApi;

const IMAGES = ['n', 3, 8, 8];

const pooled = (extra = {}) =>
  model({
    inputs: [['x', IMAGES]],
    outputs: [['y', ['n', 2]]],
    nodes: [
      node('Conv', ['x', 'w'], ['c'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] }),
      node('Relu', ['c'], ['r']),
      node('GlobalAveragePool', ['r'], ['p']),
      node('Flatten', ['p'], ['f'], { axis: 1 }),
      node('Gemm', ['f', 'k', 'b'], ['y'], { transB: 0 }),
    ],
    initializers: [floats('w', [4, 3, 3, 3]), floats('k', [4, 2]), floats('b', [2])],
    ...extra,
  });

async function seeds(folder) {
  const images = {
    'data/cat/1.png': await small(1),
    'data/cat/2.png': await small(2),
    'data/dog/1.png': await small(3),
  };
  const of = (name, bytes, options = {}, more = {}) => ({
    name,
    files: { 'model.onnx': bytes, ...more, ...images },
    options,
  });
  const trained = await trainedFiles(folder);
  const reshaped = model({
    inputs: [['x', [2, 3, 8, 8]]],
    outputs: [
      ['logits', [2, 2]],
      ['other', [2, 6]],
    ],
    nodes: [
      node('Reshape', ['x', 's'], ['m']),
      node('MatMul', ['m', 'k'], ['other']),
      node('MatMul', ['m', 'l'], ['q']),
      node('Softmax', ['q'], ['logits'], { axis: 1 }),
    ],
    initializers: [integers('s', [2, 192]), floats('k', [192, 6]), floats('l', [192, 2])],
  });
  const far = pooled({
    initializers: [outside('w', [4, 3, 3, 3], 'model.onnx.data'), floats('k', [4, 2]), floats('b', [2])],
  });
  const map = model({
    inputs: [['x', IMAGES]],
    outputs: [['y', ['n', 1, 8, 8]]],
    nodes: [node('ReduceMean', ['x'], ['y'], { axes: [1], keepdims: 1 })],
  });
  return [
    of('trained', trained['model.onnx']),
    of('pooled', pooled()),
    of('reshaped', reshaped),
    of('outside', far, {}, { 'model.onnx.data': Buffer.alloc(432, 60) }),
    of('map', map, { saliency: true }),
  ];
}

function change(random, seed, all) {
  const files = { ...seed.files };
  const other = random.pick(all).files['model.onnx'];
  if (files['model.onnx.data'] && random.oneIn(5))
    files['model.onnx.data'] = changeBytes(random, files['model.onnx.data']);
  else if (random.oneIn(5)) files['model.onnx'] = changeBytes(random, files['model.onnx'], other);
  else
    for (let left = 1 + random.small(4); left > 0; left--)
      files['model.onnx'] = changeMessage(random, files['model.onnx']);
  return {
    files,
    options: { ...seed.options, logits: random.oneIn(10) ? random.pick(['logits', 'y', '']) : undefined },
  };
}

const isShare = (value) => value >= 0 && value <= 1;

async function run(folder, options) {
  const path = join(folder, 'model.onnx');
  if (options.saliency) {
    const batch = { data: new Uint8Array(2 * 12 * 10 * 3).map((_, i) => i * 7), shape: [2, 12, 10, 3] };
    const found = await outcomeOf(saliency(batch, { method: 'learned', saliencyModel: path }));
    if (found.result)
      must(found.result.maps.length === 2 * 120, `${found.result.maps.length} values of maps`);
    return found;
  }
  const { logits } = options;
  if (!existsSync(path)) return { refused: 'not there' };
  const found = await outcomeOf(
    evaluate({
      model: path,
      data: join(folder, 'data'),
      batch: 2,
      threads: 1,
      ...(logits !== undefined && { logits }),
    }),
  );
  if (found.result) {
    const { top1Error, top5Error, images } = found.result;
    must(
      images === 3 && isShare(top1Error) && isShare(top5Error),
      `errors of ${top1Error} and ${top5Error} on ${images} images`,
    );
  }
  return found;
}

export const onnx = { seeds, change, run };
