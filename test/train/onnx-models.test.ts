/** ONNX models as other programs write them: forms that are scored alike, and those that are refused in words. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { evaluate, type EvaluateOptions } from '../../src/train';
import { floats, integers, type ModelParts, node, onnxModel, type Port, types } from '../onnx-model';
import { workFolder } from './fixtures';

const folder = workFolder();
const data = join(folder, 'data');
const SIDE = 8;
const CLASSES = ['a_red', 'b_green', 'c_blue'];

/** Images of one colour each: of each class four of its own and one of the next class. */
const colourOf = (label: number, number: number) => {
  const main = number === 4 ? (label + 1) % 3 : label;
  return [0, 1, 2].map((channel) => (channel === main ? 140 + 20 * number : 90 + 7 * number + 5 * label));
};
const images = CLASSES.flatMap((name, label) =>
  [0, 1, 2, 3, 4].map((number) => ({ name, label, number, colour: colourOf(label, number) })),
);

/** The models' logits: the normalised means of the channels, times 3. */
const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];
const logitsOf = (colour: number[]) => colour.map((v, c) => (3 * (v / 255 - MEAN[c])) / STD[c]);
const lossOf = (rows: number[][]) => {
  const losses = rows.map((row, i) => {
    const { label } = images[i];
    return Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0)) - row[label];
  });
  return losses.reduce((a, b) => a + b) / losses.length;
};
const LOSS = lossOf(images.map(({ colour }) => logitsOf(colour)));

beforeAll(async () => {
  for (const { name, number, colour } of images) {
    mkdirSync(join(data, name), { recursive: true });
    const pixels = Buffer.from(Array.from({ length: SIDE * SIDE }, () => colour).flat());
    const raw = { width: SIDE, height: SIDE, channels: 3 } as const;
    await sharp(pixels, { raw })
      .png()
      .toFile(join(data, name, `${number}.png`));
  }
});

const cast = (from: string, to: string, type: keyof typeof types) =>
  node('Cast', [from], [to], { to: types[type] });
const triple = floats('W', [3, 3], [3, 0, 0, 0, 3, 0, 0, 0, 3]);
/** From images named `from` to logits. */
const body = (from = 'x', to = 'logits') => [
  node('GlobalAveragePool', [from], ['pooled']),
  node('Flatten', ['pooled'], ['flat']),
  node('MatMul', ['flat', 'W'], [to]),
];
const x = (shape: Port['shape'] = ['n', 3, SIDE, SIDE], type?: Port['type']): Port => ({
  name: 'x',
  shape,
  type,
});
const logits = (shape: Port['shape'] = ['n', 3], type?: Port['type']): Port => ({
  name: 'logits',
  shape,
  type,
});
const plain = { inputs: [x()], outputs: [logits()], nodes: body(), initializers: [triple], opset: 13 };

let models = 0;
function file(parts: ModelParts, at = folder): string {
  const path = join(at, `model-${models++}.onnx`);
  writeFileSync(path, onnxModel({ ...plain, ...parts }));
  return path;
}
const scored = (parts: ModelParts, options: Partial<EvaluateOptions> = {}) =>
  evaluate({ model: file(parts), data, ...options });

/** Which of three classes; five images of each. */
const CONFUSION = [
  [4, 1, 0],
  [0, 4, 1],
  [1, 0, 4],
];

const toChannelsFirst = node('Transpose', ['x'], ['nchw'], { perm: [0, 3, 1, 2] });
const HALF = 2e-3;

const forms: [what: string, parts: ModelParts, options?: Partial<EvaluateOptions>, tolerance?: number][] = [
  ['as they usually are', {}],
  ['a batch of one', { inputs: [x([1, 3, SIDE, SIDE])], outputs: [logits([1, 3])] }],
  ['a batch of four', { inputs: [x([4, 3, SIDE, SIDE])], outputs: [logits([4, 3])] }],
  [
    'a batch of four, given six',
    { inputs: [x([4, 3, SIDE, SIDE])], outputs: [logits([4, 3])] },
    { batch: 6 },
  ],
  ['a batch larger than the data', { inputs: [x([64, 3, SIDE, SIDE])], outputs: [logits([64, 3])] }],
  ['nothing fixed', { inputs: [x(['n', 'c', 'h', 'w'])] }],
  [
    'float16 images and logits',
    {
      inputs: [x(undefined, 'half')],
      outputs: [logits(undefined, 'half')],
      nodes: [cast('x', 'y', 'float'), ...body('y', 'wide'), cast('wide', 'logits', 'half')],
    },
    {},
    HALF,
  ],
  [
    'double images and logits',
    {
      inputs: [x(undefined, 'double')],
      outputs: [logits(undefined, 'double')],
      nodes: [cast('x', 'y', 'float'), ...body('y', 'narrow'), cast('narrow', 'logits', 'double')],
    },
  ],
  ['channels last', { inputs: [x(['n', SIDE, SIDE, 3])], nodes: [toChannelsFirst, ...body('nchw')] }],
  [
    'channels last, one at a time',
    {
      inputs: [x([1, SIDE, SIDE, 3])],
      outputs: [logits([1, 3])],
      nodes: [toChannelsFirst, ...body('nchw')],
    },
  ],
  [
    'logits of n × classes × 1 × 1',
    {
      outputs: [logits(['n', 3, 1, 1])],
      nodes: [...body('x', 'rows'), node('Reshape', ['rows', 'shape'], ['logits'])],
      initializers: [triple, integers('shape', [0, 3, 1, 1])],
    },
  ],
  [
    'a softmax',
    { outputs: [{ name: 'p', shape: ['n', 3] }], nodes: [...body(), node('Softmax', ['logits'], ['p'])] },
  ],
  [
    'a softmax in float16',
    {
      outputs: [{ name: 'half', shape: ['n', 3], type: 'half' }],
      nodes: [...body(), node('Softmax', ['logits'], ['p']), cast('p', 'half', 'half')],
    },
    {},
    HALF,
  ],
  [
    'probabilities and logits',
    {
      outputs: [{ name: 'p', shape: ['n', 3] }, logits()],
      nodes: [...body(), node('Softmax', ['logits'], ['p'])],
    },
  ],
  [
    'features, the best class, and one output of n × classes',
    {
      outputs: [
        { name: 'pooled', shape: ['n', 3, 'h', 'w'] },
        { name: 'best', shape: ['n'], type: 'int64' },
        { name: 'scores', shape: ['n', 'k'] },
        { name: 'wide', shape: ['n', 7] },
      ],
      nodes: [
        node('AveragePool', ['x'], ['pooled'], { kernel_shape: [2, 2] }),
        node('GlobalAveragePool', ['x'], ['all']),
        node('Flatten', ['all'], ['flat']),
        node('MatMul', ['flat', 'W'], ['scores']),
        node('ArgMax', ['scores'], ['best'], { axis: 1, keepdims: 0 }),
        node('MatMul', ['flat', 'V'], ['wide']),
      ],
      initializers: [triple, floats('V', [3, 7], Array<number>(21).fill(1))],
    },
  ],
  [
    'two outputs of n × classes, one of them named',
    {
      outputs: [
        { name: 'minus', shape: ['n', 3] },
        { name: 'plus', shape: ['n', 3] },
      ],
      nodes: [...body('x', 'plus'), node('Neg', ['plus'], ['minus'])],
    },
    { logits: 'plus' },
  ],
];

test.each(forms)('%s: scored as the plain model', async (what, parts, options = {}, tolerance = 1e-5) => {
  const { loss, confusion, images: count, top1Error, probabilities } = await scored(parts, options);
  expect({ count, confusion }).toEqual({ count: 15, confusion: CONFUSION });
  expect(top1Error).toBeCloseTo(3 / 15, 12);
  expect(Math.abs(loss - LOSS)).toBeLessThan(tolerance);
  expect(probabilities).toBe(what.startsWith('a softmax'));
});

test('int64 logits, in hundredths', async () => {
  const { loss, confusion } = await scored({
    outputs: [logits(undefined, 'int64')],
    nodes: [
      ...body('x', 'plain'),
      node('Mul', ['plain', 'hundred'], ['more']),
      cast('more', 'logits', 'int64'),
    ],
    initializers: [triple, floats('hundred', [], [100])],
  });
  const expected = images.map(({ colour }) => logitsOf(colour).map((value) => Math.trunc(100 * value)));
  const fine = expected.every((row) => row.every((value) => Math.abs(value) > 1));
  expect(fine).toBe(true);
  expect(confusion).toEqual(CONFUSION);
  const rows = expected.map((row) => row.map((value) => value - Math.max(...row)));
  expect(loss).toBeCloseTo(lossOf(rows), 4);
});

test('a probability of 0 for the right class is an infinite loss', async () => {
  const { loss, probabilities, top1Error } = await scored({
    outputs: [{ name: 'p', shape: ['n', 3] }],
    nodes: [...body(), node('Hardmax', ['logits'], ['p'], { axis: 1 })],
  });
  expect({ loss, probabilities }).toEqual({ loss: Infinity, probabilities: true });
  expect(top1Error).toBeCloseTo(3 / 15, 12);
});

describe('the size', () => {
  test('is what the input is fixed to, whatever the images have', async () => {
    const inputs = [x(['n', 3, 5, 12])];
    expect((await scored({ inputs })).loss).toBeCloseTo(LOSS, 4);
    expect((await scored({ inputs }, { size: [5, 12] })).loss).toBeCloseTo(LOSS, 4);
  });

  test('another one is refused, by the name of the option', async () => {
    for (const [fixed, size] of [
      [[8, 8], 16],
      [[8, 12], 'auto'],
      [
        ['h', 12],
        [4, 8],
      ],
    ] as const)
      await expect(scored({ inputs: [x(['n', 3, ...fixed])] }, { size })).rejects.toMatchObject({
        code: 'MODEL',
        argument: 'size',
        message: expect.stringMatching(
          /model-\d+\.onnx takes images of (8|any) × (8|12) pixels only, not of \d+ × \d+: leave --size \(size\) out$/,
        ) as string,
      });
  });
});

describe('weights in another file', () => {
  const bytes = Buffer.from(Float32Array.of(9, 9, 3, 0, 0, 0, 3, 0, 0, 0, 3).buffer);
  const outside = (location: string, offset = 8, length = 36) => ({
    initializers: [
      {
        name: 'W',
        dims: [3, 3],
        dataType: types.float,
        dataLocation: 1,
        externalData: [
          { key: 'location', value: location },
          { key: 'offset', value: String(offset) },
          { key: 'length', value: String(length) },
        ],
      },
    ],
  });
  const own = join(folder, 'own');
  beforeAll(() => {
    mkdirSync(join(own, 'below'), { recursive: true });
    for (const at of [folder, own, join(own, 'below')]) writeFileSync(join(at, 'weights.bin'), bytes);
  });

  test.each(['weights.bin', 'below/weights.bin', './below/../weights.bin'])(
    '%s is found beside the model, not in the current folder',
    async (location) => {
      const found = await evaluate({ model: file(outside(location), own), data });
      expect(found.loss).toBeCloseTo(LOSS, 5);
    },
  );

  test.each([
    ['absent.bin', /"W" are in absent\.bin, and .*own\/absent\.bin is not there: put it beside the model/],
    ['../weights.bin', /"W" are in \.\.\/weights\.bin; only files in the folder of the model or below it/],
    [join(folder, 'weights.bin'), /only files in the folder of the model or below it/],
    ['', /a file without a name/],
  ])('"%s" is refused', async (location, message) => {
    const model = file(outside(location), own);
    await expect(evaluate({ model, data })).rejects.toMatchObject({
      code: 'MODEL',
      file: model,
      message: expect.stringMatching(message) as string,
    });
  });

  test('a file that is cut off is refused', async () => {
    const model = file(outside('weights.bin', 20), own);
    const message = /weights\.bin, which has 44 bytes of 56: it is cut off/;
    await expect(evaluate({ model, data })).rejects.toThrow(message);
  });
});

describe('refuses, with the name of the file and what to do:', () => {
  const refusals: [what: string, parts: ModelParts, message: RegExp, options?: Partial<EvaluateOptions>][] = [
    [
      'several outputs that could be the logits',
      {
        outputs: [
          { name: 'b', shape: ['n', 3] },
          { name: 'a', shape: ['n', 3] },
        ],
        nodes: [...body('x', 'a'), node('Neg', ['a'], ['b'])],
      },
      /has the outputs b: float32 \[15, 3\]; a: float32 \[15, 3\] for 15 images, .*--logits NAME/,
    ],
    [
      'several outputs of which none could',
      {
        outputs: [
          { name: 'b', shape: ['n', 3, 'h', 'w'] },
          { name: 'a', shape: ['n', 4] },
        ],
        nodes: [...body('x', 'a'), node('Neg', ['x'], ['b'])],
        initializers: [floats('W', [3, 4], Array<number>(12).fill(1))],
      },
      /has the outputs b: float32 \[15, 3, 8, 8\]; a: float32 \[15, 4\] .*none of them .*--logits NAME/,
    ],
    [
      'an output that is not there',
      {},
      /has no output "other" \(--logits\); its outputs: logits: float32 \[\?, 3\]/,
      { logits: 'other' },
    ],
    [
      'images without classes',
      { outputs: [logits(['n', 3, 'h', 'w'])], nodes: [node('Neg', ['x'], ['logits'])] },
      /must give n × classes, but gives \[15, 3, 8, 8\] for 15 images/,
    ],
    [
      'one channel',
      { inputs: [x(['n', 1, SIDE, SIDE])], initializers: [floats('W', [1, 3], [1, 2, 3])] },
      /must have one input of RGB images .* it has x: float32 \[\?, 1, 8, 8\]/,
    ],
    [
      'bytes',
      { inputs: [x(undefined, 'uint8')], nodes: [cast('x', 'y', 'float'), ...body('y')] },
      /must have one input of RGB images .* it has x: uint8 \[\?, 3, 8, 8\]/,
    ],
    [
      'bfloat16',
      { inputs: [x(undefined, 'bfloat16')], nodes: [cast('x', 'y', 'float'), ...body('y')] },
      /Cannot open the ONNX model .*export it with float32 ones \(ONNX Runtime: /,
    ],
    [
      'two inputs',
      {
        inputs: [x(), { name: 'z', shape: [3, 3] }],
        nodes: [...body('x', 'y'), node('MatMul', ['y', 'z'], ['logits'])],
      },
      /it has x: float32 \[\?, 3, 8, 8\], z: float32 \[3, 3\]/,
    ],
    [
      'an operator that nobody knows',
      { nodes: [...body('x', 'y'), node('Unheard', ['y'], ['logits'])] },
      /it has an operator that ONNX Runtime does not know: export it .*No Op registered for Unheard/,
    ],
    [
      'shapes that contradict each other',
      { initializers: [floats('W', [5, 3], Array<number>(15).fill(1))] },
      /Cannot open the ONNX model .*see what onnx\.checker\.check_model says of it/,
    ],
    ['a version to come', { opset: 99 }, /newer than this ONNX Runtime: export it with an older opset/],
    [
      'a size that is fixed inside',
      {
        nodes: [node('Reshape', ['x', 'shape'], ['y']), ...body('y')],
        initializers: [triple, integers('shape', [1, 3, SIDE, SIDE])],
      },
      /The ONNX model .*model-\d+\.onnx failed: .*--batch 1 gives it one at a time/,
    ],
    [
      'values that are no numbers',
      {
        nodes: [
          ...body('x', 'y'),
          node('Sub', ['y', 'y'], ['zero']),
          node('Div', ['zero', 'zero'], ['logits']),
        ],
      },
      /gives values that are no numbers \(NaN\)/,
    ],
  ];

  test.each(refusals)('%s', async (_, parts, message, options = {}) => {
    const model = file(parts);
    await expect(evaluate({ model, data, ...options })).rejects.toMatchObject({
      code: 'MODEL',
      file: model,
      message: expect.stringMatching(message) as string,
    });
  });

  test('what is no model', async () => {
    const whole = readFileSync(file({}));
    const contents: [string | Buffer, RegExp][] = [
      ['', /it is not an ONNX model, or is cut off/],
      ['nothing of the kind', /it is not an ONNX model, or is cut off: export it or download it again/],
      [whole.subarray(0, whole.length - 20), /it is not an ONNX model, or is cut off/],
      ['<!DOCTYPE html><html></html>', /it is a web page or XML/],
      ['version https://git-lfs.github.com/spec/v1\noid sha256:00\n', /git lfs pull/],
    ];
    for (const [content, message] of contents) {
      const model = join(folder, 'no-model.onnx');
      writeFileSync(model, content);
      await expect(evaluate({ model, data })).rejects.toMatchObject({
        code: 'MODEL',
        file: model,
        message: expect.stringMatching(message) as string,
      });
    }
  });

  test('a model of other classes', async () => {
    const initializers = [floats('W', [3, 4], Array<number>(12).fill(1))];
    const outputs = [logits(['n', 4])];
    await expect(scored({ initializers, outputs })).rejects.toThrow(
      /tells 4 classes apart, but .*data has 3/,
    );
  });
});
