import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMixer, type ImageBatch, saliency } from '../../src';
import { classNumbers, noise } from '../batches';
import { integers, type ModelParts, node, onnxModel, types } from '../onnx-model';

const folder = mkdtempSync(join(tmpdir(), 'saliencymix-learned-'));
afterAll(() => rmSync(folder, { recursive: true }));

function model(name: string, parts?: ModelParts): string {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, onnxModel(parts));
  return path;
}

/** Dark, with one bright square whose middle is the brightest pixel. */
function spots(places: [number, number][], side: number): ImageBatch {
  const data = new Uint8Array(places.length * side * side * 3).fill(20);
  places.forEach(([row, col], i) => {
    for (let y = row - 4; y <= row + 4; y++) {
      for (let x = col - 4; x <= col + 4; x++) {
        const value = 255 - 25 * Math.max(Math.abs(y - row), Math.abs(x - col));
        data.fill(value, ((i * side + y) * side + x) * 3, ((i * side + y) * side + x) * 3 + 3);
      }
    }
  });
  return { data, shape: [places.length, side, side, 3] };
}

// The model is the mean of the normalised channels: a map that can be computed by hand.
const normalised = (v: number) =>
  [0.485, 0.456, 0.406].reduce((sum, mean, k) => sum + (v / 255 - mean) / [0.229, 0.224, 0.225][k], 0) / 3;

test('at the model’s own size the map is the model of the normalised image', async () => {
  const places: [number, number][] = [
    [50, 60],
    [200, 10],
    [100, 219],
  ];
  const batch = spots(places, 224);
  const found = await saliency(batch, { method: 'learned', saliencyModel: model('mean') });
  expect(found).toMatchObject({ shape: [3, 224, 224], method: 'learned', backend: 'cpu' });
  expect([...found.peaks]).toEqual(places.flat());
  expect([...found.lows]).toEqual([0, 0, 0, 0, 0, 0]);
  const worst = found.maps.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - normalised(batch.data[3 * i]))),
    0,
  );
  expect(worst).toBeLessThan(1e-5);
});

test('other sizes are resized in and back: the peak stays within a pixel or two', async () => {
  const places: [number, number][] = [
    [12, 40],
    [51, 9],
  ];
  const found = await saliency(spots(places, 64), { method: 'learned', saliencyModel: model('mean') });
  expect(found.maps).toHaveLength(2 * 64 * 64);
  places.flat().forEach((side, i) => expect(Math.abs(found.peaks[i] - side)).toBeLessThanOrEqual(1));
});

test('a fixed batch of one, another size, and a smaller map', async () => {
  const pool = {
    nodes: [
      {
        input: ['x', 'axes'],
        output: ['m'],
        opType: 'ReduceMean',
        attribute: [{ name: 'keepdims', i: 1, type: 2 }],
      },
      {
        input: ['m'],
        output: ['y'],
        opType: 'AveragePool',
        attribute: [
          { name: 'kernel_shape', ints: [2, 2], type: 7 },
          { name: 'strides', ints: [2, 2], type: 7 },
        ],
      },
    ],
    input: [1, 3, 96, 96],
    output: [1, 1, 48, 48],
  };
  const places: [number, number][] = [
    [20, 70],
    [80, 8],
    [44, 45],
  ];
  const found = await saliency(spots(places, 96), { method: 'learned', saliencyModel: model('pool', pool) });
  places.flat().forEach((side, i) => expect(Math.abs(found.peaks[i] - side)).toBeLessThanOrEqual(2));
});

describe('the same map from a model', () => {
  const mean = (from: string, to: string) => node('ReduceMean', [from, 'axes'], [to], { keepdims: 1 });
  const cast = (from: string, to: string, type: keyof typeof types) =>
    node('Cast', [from], [to], { to: types[type] });
  const side = 48;
  const forms: [what: string, parts: ModelParts, tolerance: number][] = [
    [
      'in float16',
      {
        inputs: [{ name: 'x', shape: [1, 3, side, side], type: 'half' }],
        outputs: [{ name: 'y', shape: [1, 1, side, side], type: 'half' }],
        nodes: [cast('x', 'a', 'float'), mean('a', 'b'), cast('b', 'y', 'half')],
      },
      4e-3, // two roundings to 11 bits, of values up to 2.7
    ],
    [
      'in double, three images at a time',
      {
        inputs: [{ name: 'x', shape: [3, 3, side, side], type: 'double' }],
        outputs: [{ name: 'y', shape: [3, 1, side, side], type: 'double' }],
        nodes: [mean('x', 'y')],
      },
      1e-6,
    ],
    [
      'with channels last',
      {
        input: ['n', side, side, 3],
        output: ['n', side, side, 1],
        nodes: [mean('x', 'y')],
        initializers: [integers('axes', [3])],
      },
      1e-6,
    ],
    [
      'with channels last, and maps of n × side × side',
      {
        input: [1, side, side, 3],
        output: [1, side, side],
        nodes: [node('ReduceMean', ['x', 'axes'], ['y'], { keepdims: 0 })],
        initializers: [integers('axes', [3])],
      },
      1e-6,
    ],
  ];

  test.each(forms)('%s', async (what, parts, tolerance) => {
    const batch = noise(7, [5, side, side, 3]);
    const plain = model('float32', { input: ['n', 3, side, side], output: ['n', 1, side, side] });
    const expected = await saliency(batch, { method: 'learned', saliencyModel: plain });
    const found = await saliency(batch, {
      method: 'learned',
      saliencyModel: model(what.replaceAll(' ', '-'), parts),
    });
    const worst = found.maps.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - expected.maps[i])),
      0,
    );
    expect(found.maps).toHaveLength(5 * side * side);
    expect(worst).toBeLessThan(tolerance);
  });
});

test('more images than fit in one run', async () => {
  const places = Array.from({ length: 19 }, (_, i): [number, number] => [10 + i, 100 - 2 * i]);
  const found = await saliency(spots(places, 224), { method: 'learned', saliencyModel: model('mean') });
  expect([...found.peaks]).toEqual(places.flat());
});

test('the mixer takes its anchors from the model', async () => {
  const places: [number, number][] = [
    [50, 60],
    [200, 10],
    [100, 219],
    [30, 30],
  ];
  const batch = spots(places, 224);
  const mixer = createMixer({ saliency: 'learned', saliencyModel: model('mean'), seed: 1, classes: 2 });
  const { plan } = await mixer.mix(batch, classNumbers(4, 2));
  for (const { source, anchor } of plan.samples) expect(anchor).toEqual(places[source]);
  expect(await mixer.plan(batch, { batch: 0 })).toEqual(plan);
});

test('gray images are taken as three equal channels', async () => {
  const rgb = spots([[50, 60]], 224);
  const gray: ImageBatch = { data: rgb.data.filter((_, i) => i % 3 === 0), shape: [1, 224, 224, 1] };
  const saliencyModel = model('mean');
  const [one, three] = await Promise.all(
    [gray, rgb].map((batch) => saliency(batch, { method: 'learned', saliencyModel })),
  );
  expect(one.maps).toEqual(three.maps);
});

describe('refuses', () => {
  const batch = noise(1, [1, 16, 16, 3]);
  const of = (saliencyModel: string) => saliency(batch, { method: 'learned', saliencyModel });

  test('a missing file', async () => {
    const path = join(folder, 'absent.onnx');
    await expect(of(path)).rejects.toMatchObject({
      code: 'MODEL',
      file: path,
      message: expect.stringMatching(/Cannot open the ONNX model .*absent\.onnx/),
    });
  });

  test('a file that is no model, and the right one in its place afterwards', async () => {
    const path = join(folder, 'later.onnx');
    writeFileSync(path, 'not a model');
    await expect(of(path)).rejects.toMatchObject({
      code: 'MODEL',
      message: expect.stringMatching(/Cannot open the ONNX model/),
    });
    writeFileSync(path, onnxModel());
    await expect(of(path)).resolves.toMatchObject({ shape: [1, 16, 16] });
  });

  test('a model with another input', async () => {
    const path = model('four', { input: ['n', 4, 224, 224] });
    await expect(of(path)).rejects.toMatchObject({
      code: 'MODEL',
      message: expect.stringMatching(/a float32 input of N×3×S×S; .*has x: float32 \[\?, 4, 224, 224\]/),
    });
  });

  test('a model whose weights are in a file that is not there', async () => {
    const entry = { key: 'location', value: 'weights.bin' };
    const axes = { name: 'axes', dims: [1], dataType: types.int64, dataLocation: 1, externalData: [entry] };
    const path = model('external', { initializers: [axes] });
    await expect(of(path)).rejects.toMatchObject({
      code: 'MODEL',
      file: path,
      message: expect.stringMatching(/"axes" are in weights\.bin, and .*weights\.bin is not there/),
    });
  });

  test('a model whose size is fixed inside', async () => {
    const path = model('inside', {
      input: ['n', 3, 's', 's'],
      output: ['n', 3, 32, 32],
      nodes: [node('Reshape', ['x', 'shape'], ['y'])],
      initializers: [integers('shape', [-1, 3, 100, 100])],
    });
    await expect(of(path)).rejects.toMatchObject({
      code: 'MODEL',
      file: path,
      message: expect.stringMatching(
        /inside\.onnx failed: it cannot take such images: .*with the S that it needs/,
      ),
    });
  });

  test('an input larger than memory', async () => {
    const path = model('large', { input: ['n', 3, 1 << 20, 1 << 20], output: ['n', 1, 's', 's'] });
    await expect(of(path)).rejects.toMatchObject({
      code: 'MODEL',
      message: expect.stringMatching(/takes 1 images of 1048576 × 1048576 pixels at once/),
    });
  });

  test('a model without one map per image', async () => {
    const nodes = [{ input: ['x'], output: ['y'], opType: 'Identity' }];
    const path = model('rgb', { nodes, initializers: [], output: ['n', 3, 224, 224] });
    await expect(of(path)).rejects.toMatchObject({
      code: 'MODEL',
      message: expect.stringMatching(
        /one map per image \(N×1×S×S\) as its first output; .*\[1, 3, 224, 224\]/,
      ),
    });
  });
});
