/** Pictures of where a network sees a class, of files and of mixed images, made once more from pixels and logits. */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { cam, type CamReport, train, Trainer } from '../../src/train';
import { colourFolder } from './colours';
import { run, workFolder } from './fixtures';

const work = workFolder();
const data = join(work, 'data');
const model = join(work, 'trained', 'checkpoint.safetensors');
const [MEAN, STD] = [
  [0.485, 0.456, 0.406],
  [0.229, 0.224, 0.225],
];
const CLASSES = ['blue', 'green', 'red'];
const SIDE = 16;

let trainer: Trainer;
beforeAll(async () => {
  await colourFolder(data, { train: 60, test: 12 });
  const learning = {
    model: 'resnet',
    layers: [1, 1],
    width: 8,
    epochs: 2,
    batch: 20,
    learningRate: 0.05,
  } as const;
  await train({ data, out: join(work, 'trained'), crop: 0, ...learning });
  trainer = await Trainer.resume(model);
}, 60_000);
afterAll(() => trainer.close());

const out = (name: string) => join(work, name);
const pixelsOf = (path: string) => sharp(path).removeAlpha().raw().toBuffer();
const sizeOf = async (path: string) => {
  const { width, height } = await sharp(path).metadata();
  return [width, height];
};

/** Logits of pixels that are normalised here. */
async function logitsOf(pixels: Uint8Array): Promise<number[]> {
  const planes = new Float32Array(pixels.length);
  pixels.forEach((value, at) => {
    const channel = at % 3;
    planes[channel * SIDE * SIDE + Math.floor(at / 3)] = (value / 255 - MEAN[channel]) / STD[channel];
  });
  return [...(await trainer.predict(planes))];
}

const softmax = (logits: readonly number[]) => {
  const parts = logits.map(Math.exp);
  return parts.map((part) => part / parts.reduce((sum, value) => sum + value, 0));
};

async function expectLogits(found: readonly number[], pixels: Uint8Array): Promise<void> {
  const wanted = await logitsOf(pixels);
  expect(found).toHaveLength(3);
  found.forEach((value, k) => expect(value).toBeCloseTo(wanted[k], 4));
}

test('of a folder: each image with the class that the network predicts; the picture has a cell for each', async () => {
  const path = out('plain.png');
  const { code, stdout, stderr } = await run('cam', model, data, '--out', path, '--json', '--count', '5');
  expect([code, stderr]).toEqual([0, '']);
  const report = JSON.parse(stdout) as CamReport;
  expect(report).toMatchObject({
    model,
    out: path,
    method: 'cam',
    features: [8, 8],
    classes: CLASSES,
    bad: [],
  });
  expect(report.images).toHaveLength(5);
  for (const { id, class: own, logits, maps } of report.images) {
    expect(id).toMatch(new RegExp(`^test/${own}/`));
    await expectLogits(logits, await pixelsOf(join(data, id)));
    const [map, ...others] = maps;
    expect(others).toEqual([]);
    expect(map.class).toBe(logits.indexOf(Math.max(...logits)));
    expect([map.name, map.logit]).toEqual([CLASSES[map.class], logits[map.class]]);
    expect(map.probability).toBeCloseTo(softmax(logits)[map.class], 6);
    expect(map.most).toBeGreaterThan(map.least);
  }
  // Two rows of two cells side by side, 224 pixels each: 16 × 14.
  const rowWidth = 2 * (224 + 14) + 14;
  expect(await sizeOf(path)).toEqual([44 + 2 * rowWidth - 28, 74 + 3 * (224 + 42 + 14) - 14 + 22]);
  // A green cross at the peak of the first map.
  const [row, col] = report.images[0].maps[0].peak.map((at) => Math.floor((at + 0.5) * 14));
  const area = { left: 22 + 238 + col - 1, top: 74 + row - 1, width: 3, height: 3 };
  const { data: cross } = await sharp(path)
    .extract(area)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (let i = 0; i < cross.length; i += 3) {
    expect(cross[i + 1]).toBeGreaterThan(200);
    expect(cross[i]).toBeLessThan(90);
  }
}, 30_000);

test('mixed: each for both classes, by the pixels that training would see', async () => {
  const path = out('mixed.png');
  const { code, stdout } = await run('cam', model, data, '--mix', '--out', path, '--json', '--seed', '3');
  expect(code).toBe(0);
  const { images } = JSON.parse(stdout) as CamReport;
  expect(images).toHaveLength(4);
  for (const { id, class: own, mixed, logits, maps } of images) {
    if (!mixed?.to) throw new Error('it has no patch');
    const { source, lambda, method, to } = mixed;
    expect([method, own === source.class]).toEqual(['saliencymix', false]);
    expect(maps.map(({ name }) => name)).toEqual([own, source.class]);
    expect(lambda).toBeCloseTo(1 - ((to.bottom - to.top) * (to.right - to.left)) / SIDE ** 2, 6);
    // The patch is taken from where it is pasted.
    const pixels = await pixelsOf(join(data, id));
    const other = await pixelsOf(join(data, source.id));
    for (let row = to.top; row < to.bottom; row++) {
      const [from, end] = [to.left, to.right].map((col) => 3 * (row * SIDE + col));
      pixels.set(other.subarray(from, end), from);
    }
    await expectLogits(logits, pixels);
  }
  const wide = [44 + 5 * 238 - 14, 94 + 4 * (224 + 42 + 14) - 14 + 22];
  expect(await sizeOf(path)).toEqual(wide);
}, 30_000);

describe('of files', () => {
  const files = ['red/000.png', 'blue/001.png'].map((name) => join(data, 'test', name));

  test('classes by name and by number; others make another picture, the same the same', async () => {
    const report = await cam({ model, images: files, classes: ['red', 0], out: out('files.png') });
    expect(report.images.map(({ id, class: own, maps }) => [id, own, maps.map(({ name }) => name)])).toEqual(
      files.map((file) => [file, null, ['red', 'blue']]),
    );
    const bytes = readFileSync(out('files.png'));
    const { stdout, code } = await run(
      'cam',
      model,
      ...files,
      '--classes',
      'red,0',
      '--out',
      out('again.png'),
    );
    expect(code).toBe(0);
    expect(readFileSync(out('again.png'))).toEqual(bytes);
    const [first, map] = stdout.split('\n');
    expect(first).toBe(files[0]);
    const [{ logit, peak }] = report.images[0].maps;
    expect(map).toMatch(/^ {2}red +[\d.]+ % +logit +-?[\d.]+ +peak at row \d+, column \d+$/);
    expect(map).toContain(`${logit.toFixed(3)}   peak at row ${peak[0]}, column ${peak[1]}`);
    await cam({ model, images: files, classes: ['red', 1], out: out('others.png') });
    expect(readFileSync(out('others.png'))).not.toEqual(bytes);
    expect(await sizeOf(out('others.png'))).toEqual(await sizeOf(out('files.png')));
  }, 30_000);

  test('mixed with one another, for the classes that they are said to have, else those predicted', async () => {
    const asked = { model, images: files, mixer: { method: 'mixup' }, out: out('pair.png') } as const;
    const { images } = await cam({ ...asked, classes: ['red', 'blue'] });
    const ofImages = images.map(({ id, mixed, maps }) => [
      id,
      mixed?.source.id,
      maps.map(({ name }) => name),
    ]);
    expect(ofImages).toContainEqual([files[0], files[1], ['red', 'blue']]);
    expect(ofImages).toContainEqual([files[1], files[0], ['blue', 'red']]);
    const plain = await cam({ model, images: files, out: out('each.png') });
    const predicted = new Map(plain.images.map(({ id, maps }) => [id, maps[0].name]));
    for (const { id, mixed, maps } of (await cam(asked)).images)
      expect(maps.map(({ name }) => name)).toEqual([
        predicted.get(id),
        predicted.get(mixed?.source.id ?? ''),
      ]);
    await expect(cam({ ...asked, classes: ['red'] })).rejects.toThrow(/2 classes, one for each file/);
  });

  test.each([
    ['cutout', 1],
    ['guidedmixup', 2],
    ['puzzlemix', 2],
  ] as const)('by %s: %i maps of each', async (method, count) => {
    const { images } = await cam({
      model,
      images: data,
      mixer: { method },
      count: 2,
      out: out('method.png'),
    });
    expect(images.map(({ maps }) => maps.length)).toEqual([count, count]);
    const columns = count === 1 ? 3 : 5;
    expect((await sizeOf(out('method.png')))[0]).toBe(44 + columns * 238 - 14);
  });
});

test('weights alone give what the checkpoint gives; Grad-CAM at a stage has the size of its features', async () => {
  const weights = out('weights.safetensors');
  await trainer.exportSafetensors(weights);
  const asked = { images: data, method: 'grad-cam', count: 3 } as const;
  const found = await cam({ ...asked, model, out: out('one.png') });
  const alone = await cam({ ...asked, model: weights, out: out('two.png') });
  expect(alone.classes).toEqual(CLASSES);
  alone.images.forEach(({ id, logits, maps: [map] }, i) => {
    const other = found.images[i];
    expect([id, map.class, map.peak]).toEqual([other.id, other.maps[0].class, other.maps[0].peak]);
    logits.forEach((value, k) => expect(value).toBeCloseTo(other.logits[k], 4));
  });
  const early = await cam({ ...asked, model, stage: 'layer1', out: out('early.png') });
  expect([found.features, early.features]).toEqual([
    [8, 8],
    [16, 16],
  ]);
  expect(readFileSync(out('early.png'))).not.toEqual(readFileSync(out('one.png')));
}, 30_000);

describe('refused, before a picture is written', () => {
  const file = () => join(data, 'test', 'red', '000.png');
  test.each<[string, () => object, string, RegExp]>([
    [
      'an ONNX model',
      () => ({ model: out('trained/model.onnx') }),
      'MODEL',
      /is an ONNX model.*give the checkpoint beside it/,
    ],
    [
      'a model that is not there',
      () => ({ model: out('no.safetensors') }),
      'CHECKPOINT',
      /no\.safetensors is not there/,
    ],
    [
      'a folder in its place',
      () => ({ model: out('trained') }),
      'CHECKPOINT',
      /trained is a folder: give the file in it/,
    ],
    [
      'an unknown class',
      () => ({ classes: ['purple'] }),
      'ARGUMENT',
      /a class of the model \(blue, green, red\), or its number from 0 to 2, for classes but received "purple"/,
    ],
    ['a number too large', () => ({ classes: [3] }), 'ARGUMENT', /for classes but received 3/],
    [
      'an unknown stage',
      () => ({ method: 'grad-cam', stage: 'layer9' }),
      'ARGUMENT',
      /"layer2" for stage but received "layer9"/,
    ],
    ['a stage of CAM', () => ({ stage: 'layer1' }), 'ARGUMENT', /nothing with method "cam"/],
    [
      'a picture under another name',
      () => ({ out: out('x.safetensors') }),
      'ARGUMENT',
      /ends in \.png for out/,
    ],
    [
      'one file to mix',
      () => ({ images: [file()], mixer: {} }),
      'ARGUMENT',
      /two images or more \(saliencymix mixes pairs\)/,
    ],
    [
      'classes of mixed data',
      () => ({ mixer: {}, classes: ['red'] }),
      'ARGUMENT',
      /with a mixer the data says them/,
    ],
    ['labels by masks', () => ({ mixer: { labelRule: 'mask' } }), 'ARGUMENT', /for mixer\.labelRule/],
    ['another size', () => ({ size: 24 }), 'MODEL', /takes images of 16 × 16 pixels only, not of 24 × 24/],
    ['no images', () => ({ images: [] }), 'ARGUMENT', /a path or more for images/],
    ['data that is not there', () => ({ images: out('nothing') }), 'DATA', /nothing" cannot be opened/],
    [
      'a file that is not there',
      () => ({ images: [file(), out('no.png')] }),
      'FILE',
      /no\.png" cannot be read/,
    ],
  ])('%s', async (_, more, code, message) => {
    const path = out('refused.png');
    const call = cam({ model, images: data, out: path, ...more() });
    await expect(call).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(existsSync(path)).toBe(false);
  });

  test('a broken image among files; one of a folder is left out and told', async () => {
    const torn = join(work, 'torn');
    await colourFolder(torn, { test: 6 });
    const broken = join(torn, 'test', 'red', '001.png');
    writeFileSync(broken, 'no image');
    const alone = await run('cam', model, broken, '--out', out('torn.png'));
    expect([alone.code, alone.stderr]).toEqual([
      1,
      expect.stringContaining('is not an image that can be read'),
    ]);
    const all = await run('cam', model, torn, '--out', out('torn.png'));
    expect([all.code, all.stderr]).toEqual([
      0,
      expect.stringContaining(`1 file was left out:\n  "test/red/${basename(broken)}" is not an image`),
    ]);
    expect(all.stdout.trim().split('\n')).toHaveLength(5 * 2 + 1);
  });

  test('a checkpoint that is cut off', async () => {
    const cut = out('cut.safetensors');
    copyFileSync(model, cut);
    writeFileSync(cut, readFileSync(model).subarray(0, 3000));
    const { code, stderr } = await run('cam', cut, data, '--out', out('cut.png'));
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/cut\.safetensors is (damaged|not a safetensors file)/),
    ]);
    expect(existsSync(out('cut.png'))).toBe(false);
  });
});
