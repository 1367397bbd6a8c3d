/** The other commands, and the other forms of output, as files that their own readers understand. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { backends } from '../../src';
import { aboutBackend } from '../../src/cli/info';
import { scanArchive } from '../../src/data/datasets/archive';
import { openDataset } from '../../src/data/dataset';
import {
  besideProgress,
  contents,
  filesBelow,
  imageFolder,
  labelLines,
  run,
  start,
  type Line,
  workFolder,
  writeInto,
} from './fixtures';

const work = workFolder();
const data = join(work, 'data');
beforeAll(() => imageFolder(data, 20), 60_000);

/** NumPy's own words for what an array file holds. */
function readNpy(path: string) {
  const bytes = readFileSync(path);
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\x00');
  const header = bytes.toString('latin1', 10, 10 + bytes.readUInt16LE(8));
  const [, descr, shape] =
    /'descr': '([^']+)', 'fortran_order': False, 'shape': \(([^)]*)\)/.exec(header) ?? [];
  const body = bytes.subarray(10 + bytes.readUInt16LE(8));
  return {
    descr,
    shape: shape
      .split(',')
      .filter((s) => s.trim())
      .map(Number),
    body,
  };
}

describe('augment --format', () => {
  const folder = join(work, 'folder');
  const options = ['--batch', '6', '--copies', '2', '--seed', '3'];
  beforeAll(async () => {
    await run('augment', data, '--out', folder, ...options);
  });
  const pixels = async (file: string | Uint8Array) =>
    (await sharp(file).removeAlpha().raw().toBuffer()).toString('hex');
  const bare = (line: Line) => ({ ...line, file: '', key: undefined, row: undefined });

  test('webdataset: the same records and pixels, read back as a data set', async () => {
    const out = join(work, 'web');
    expect((await run('augment', data, '--out', out, '--format', 'webdataset', ...options)).code).toBe(0);
    const lines = labelLines(out);
    expect(lines.map(bare)).toEqual(labelLines(folder).map(bare));
    expect(filesBelow(out)).toEqual(['labels.jsonl', 'mixed-000000.tar', 'preview.png', 'run.json']);
    const { files } = await scanArchive(join(out, 'mixed-000000.tar'), () => false);
    expect([...files.keys()]).toHaveLength(80);
    for (const [i, line] of labelLines(folder).entries()) {
      const at = files.get(`${lines[i].key}.png`);
      if (!at) throw new Error(`${lines[i].key} is missing`);
      const bytes = readFileSync(join(out, 'mixed-000000.tar')).subarray(at.offset, at.offset + at.size);
      expect(await pixels(bytes)).toBe(await pixels(join(folder, line.file)));
    }
  });

  test('npy: arrays of pixels and soft labels, row by row', async () => {
    const out = join(work, 'npy');
    expect((await run('augment', data, '--out', out, '--format', 'npy', ...options)).code).toBe(0);
    const lines = labelLines(out);
    const images = readNpy(join(out, 'images-000000.npy'));
    const labels = readNpy(join(out, 'labels-000000.npy'));
    expect(images).toMatchObject({ descr: '|u1', shape: [40, 24, 24, 3] });
    expect(images.body).toHaveLength(40 * 24 * 24 * 3);
    expect(labels).toMatchObject({ descr: '<f4', shape: [40, 3] });
    for (const [i, line] of labelLines(folder).entries()) {
      expect(lines[i]).toEqual({ ...line, file: 'images-000000.npy', row: i });
      expect(images.body.subarray(i * 1728, (i + 1) * 1728).toString('hex')).toBe(
        await pixels(join(folder, line.file)),
      );
      line.label.forEach((weight, k) =>
        expect(labels.body.readFloatLE(4 * (3 * i + k))).toBeCloseTo(weight, 7),
      );
    }
  });

  test('shards of part files hold the same records', async () => {
    const outs = ['1/2', '2/2'].map((shard) => join(work, `web-${shard[0]}`));
    for (const [i, out] of outs.entries())
      await run('augment', data, '--out', out, '--format', 'webdataset', '--shard', `${i + 1}/2`, ...options);
    expect(filesBelow(outs[1])).toContain('mixed-2-of-2-000000.tar');
    const records = outs.flatMap((out) => labelLines(out).map((line) => JSON.stringify(bare(line))));
    expect(records.toSorted()).toEqual(
      labelLines(folder)
        .map((line) => JSON.stringify(bare(line)))
        .toSorted(),
    );
  });

  test('--encoding jpeg and webp are what they say', async () => {
    for (const [encoding, ending] of [
      ['jpeg', 'jpg'],
      ['webp', 'webp'],
    ]) {
      const out = join(work, encoding);
      expect((await run('augment', data, '--out', out, '--encoding', encoding)).code).toBe(0);
      const [{ file }] = labelLines(out);
      expect(file.endsWith(`.${ending}`)).toBe(true);
      expect((await sharp(join(out, file)).metadata()).format).toBe(encoding);
    }
  });
});

describe('saliency', () => {
  test('needs no classes: one without an image that is decoded stops augment, and neither info nor saliency', async () => {
    const some = join(work, 'empty-class');
    const image = readFileSync(join(data, filesBelow(data)[0]));
    for (const name of ['cat/1.png', 'fox/1.png']) writeInto(some, name, image);
    writeInto(some, 'dog/1.bmp', 'BM');
    const maps = await run('saliency', some, '--out', join(work, 'empty-class-maps'));
    expect([maps.code, maps.stdout]).toEqual([0, expect.stringMatching(/^2 maps written/)]);
    expect(maps.stderr).toMatch(/dog\/1\.bmp: is a BMP image/);
    const info = await run('info', some);
    expect([info.code, info.stdout]).toEqual([0, expect.stringMatching(/doubt .*\(dog\).*--allow-empty/)]);
    const mixed = await run('augment', some, '--out', join(work, 'empty-class-mixed'));
    expect([mixed.code, mixed.stderr]).toEqual([1, expect.stringMatching(/the class "dog" is empty/)]);
  });

  test('a map, an overlay and the peak of every image', async () => {
    const out = join(work, 'maps');
    const { code, stdout } = await run('saliency', data, '--out', out, '--saliency', 'frequency-tuned');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^20 maps written to .*maps in/);
    const { method, images } = JSON.parse(readFileSync(join(out, 'peaks.json'), 'utf8')) as {
      method: string;
      images: {
        id: string;
        map: string;
        overlay: string;
        peak: [number, number];
        low: [number, number];
        height: number;
        width: number;
      }[];
    };
    expect(method).toBe('frequency-tuned');
    const dataset = await openDataset(data);
    expect(images.map(({ id }) => id)).toEqual(dataset.items.map(({ id }) => id));
    for (const { map, overlay, peak, low, height, width } of images) {
      const gray = await sharp(join(out, map))
        .toColourspace('b-w')
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(gray.info).toMatchObject({ height, width, channels: 1 });
      expect(gray.data[peak[0] * width + peak[1]]).toBe(255);
      expect(gray.data[low[0] * width + low[1]]).toBe(0);
      expect((await sharp(join(out, overlay)).metadata()).channels).toBe(3);
    }
  });

  test('bad files are named; a folder that is not empty is refused, --force writes over', async () => {
    const some = join(work, 'some');
    await imageFolder(some, 3);
    writeInto(some, 'class_0/words.jpg', 'words');
    const out = join(work, 'some-maps');
    const first = await run('saliency', some, '--out', out);
    expect([first.code, first.stderr]).toEqual([
      0,
      expect.stringMatching(/1 file was left out:\n.*class_0\/words\.jpg/),
    ]);
    const second = await run('saliency', some, '--out', out);
    expect([second.code, second.stderr]).toEqual([
      1,
      expect.stringMatching(/is not empty; choose another folder, or write over it with --force/),
    ]);
    expect((await run('saliency', some, '--out', out, '--force')).code).toBe(0);
    expect((await run('saliency', some, '--out', join(work, 'strict-maps'), '--strict')).code).toBe(1);
  });
});

test('info tells what a network is made of, with the chances of its blocks to stay', async () => {
  const wrn = ['info', '--model', 'wrn', '--depth', '10', '--widen', '1', '--stochastic-depth', '0.6'];
  const { code, stdout } = await run(...wrn);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^stages +input, layer1, layer2, layer3$/m);
  expect(stdout).toMatch(/^ {2}layer1\.0 +0\.8\n {2}layer2\.0 +0\.6\n {2}layer3\.0 +0\.4$/m);
  const { stdout: json } = await run('info', '--model', 'resnet20', '--drop-block', '0.1', '--json');
  const found = JSON.parse(json) as { parameters: number; dropped: Record<string, number> };
  // Without projections 269 722 numbers are learned; the two of them have 2 752.
  expect(found.parameters).toBe(269_722 + 2_752);
  expect([found.dropped['layer2.0.1'], found.dropped['layer3.2.shortcut']]).toEqual([0.025, 0.1]);
  expect(found.dropped['layer1.0.1']).toBeUndefined();
  const wrong = await run('info', '--model', 'vgg16-bn', '--width', '3');
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/width.*vgg16-bn/)]);
});

test('info tells what is there', async () => {
  const { code, stdout } = await run('info');
  expect(code).toBe(0);
  for (const word of [
    'cpu',
    'fine-grained',
    'saliencymix',
    'cutout',
    'nonsalient-to-nonsalient',
    'AutoContrast',
    'trivialaugment',
    'onnxruntime',
    'demo',
  ])
    expect(stdout).toContain(word);
  for (const { name, available, reason, description, level, levels, auto, lacks } of backends()) {
    const about = available
      ? `${description}: level ${level}, of ${levels.join(', ')}`
      : `not available: ${reason}`;
    const end = available && (!auto || lacks.length > 0) ? '; ' : '\n';
    expect(stdout).toContain(`  ${name.padEnd(26)} ${about}${end}`);
  }
  const json = JSON.parse((await run('info', '--json')).stdout) as Record<string, unknown>;
  const first = backends().find(({ available, auto }) => available && auto);
  expect(json).toMatchObject({ backend: first?.name, level: first?.level, backends: backends() });
});

test('info tells what a backend lacks, and that auto does not choose a card of a kind that is not tested', () => {
  const card = {
    description: 'A card',
    available: true,
    level: 'sm_75',
    levels: ['sm_75'],
    auto: true,
    lacks: [],
  };
  expect(aboutBackend(card)).toBe('A card: level sm_75, of sm_75');
  expect(aboutBackend({ ...card, auto: false, lacks: ['blend', 'float16'] })).toBe(
    "A card: level sm_75, of sm_75; not chosen by 'auto': it has not been tested, as it is now, on this compute capability; " +
      'lacks blend, float16',
  );
});

test('info tells why a backend is not there', async () => {
  const { stdout } = await start(['info'], { SALIENCYMIX_CPU: 'avx1024' }).ended;
  expect(stdout).toMatch(
    /cpu +not available: SALIENCYMIX_CPU asks for "avx1024", which is none of the levels /,
  );
});

test('demo: images, labels and preview, hit rates against chance; it may be run again', async () => {
  const out = join(work, 'demo');
  const args = ['demo', '--out', out, '--count', '60', '--size', '48'];
  const { code, stdout, stderr } = await run(...args);
  expect([code, besideProgress(stderr)]).toEqual([0, '']);
  expect(stdout).toMatch(/^60 images of 48 × 48/);
  const share = (name: string) => Number(new RegExp(`${name} +([\\d.]+) %`).exec(stdout)?.[1]);
  expect(share('chance')).toBeGreaterThan(5);
  expect(share('chance')).toBeLessThan(20);
  for (const method of ['fine-grained', 'spectral-residual', 'frequency-tuned'])
    expect(share(method)).toBeGreaterThan(2 * share('chance'));
  expect(existsSync(join(out, 'preview.png'))).toBe(true);
  const first = contents(out);
  expect((await run(...args)).code).toBe(0);
  expect(contents(out)).toEqual(first);
});

test('help lists every mixer option with its values and default', async () => {
  const { stdout } = await run('augment', '--help');
  for (const option of [
    '--method',
    '--saliency',
    '--scheme',
    '--size',
    '--batch',
    '--copies',
    '--alpha',
    '--probability',
    '--box',
    '--per',
    '--ties',
    '--seed',
    '--backend',
    '--threads',
    '--format',
    '--shard',
    '--resume',
    '--force',
    '--strict',
    '--preset',
  ]) {
    expect(stdout).toContain(option);
  }
  expect(stdout).toMatch(/λ ~ Beta\(α, α\).*1e-6\s+…\s+1e6;\s+default\s+1/s);
});
