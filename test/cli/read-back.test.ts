/** What `augment` has written is read back as data, and trained on: real commands on real files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDataset } from '../../src/data/dataset';
import { describeDataset } from '../../src/data/describe';
import { imageFolder, labelLines, run, workFolder } from './fixtures';

const work = workFolder();
const data = join(work, 'data');

beforeAll(() => imageFolder(data, 12, 16));

test.each(['folder', 'npy', 'webdataset'])(
  '%s: images, classes and soft labels',
  async (format) => {
    const out = join(work, format);
    const made = await run('augment', data, '--out', out, '--format', format, '--probability', '1');
    expect(made.code).toBe(0);
    expect(made.stderr).toMatch(/data \(folder\): 12 images of 3 classes$/m);
    expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')).data).toMatchObject({
      images: 12,
      classes: 3,
    });
    const about = await describeDataset(out);
    expect(about).toMatchObject({ images: 12, soft: true, problems: [] });
    expect(about.classes.map(({ name }) => name)).toEqual(['class_0', 'class_1', 'class_2']);
    const dataset = await openDataset(out);
    const sum = (rows: number[][]) =>
      rows.map((row) => row.map((weight) => weight.toFixed(4)).join()).toSorted();
    const written = labelLines(out).map(({ label }) => label);
    expect(sum(dataset.items.map(({ soft }) => [...(soft as Float32Array)]))).toEqual(sum(written));
    expect(written.flat().some((weight) => weight > 0 && weight < 1)).toBe(true);
    for await (const { images, labels } of dataset.batches({ batch: 12, shuffle: false })) {
      expect(images.shape).toEqual([12, 16, 16, 3]);
      expect(labels).toBeInstanceOf(Float32Array);
      expect([...labels]).toEqual(dataset.items.flatMap(({ soft }) => [...(soft as Float32Array)]));
    }
    await dataset.close();
    const args = ['--model', 'resnet', '--layers', '1', '--width', '4', '--epochs', '1', '--batch', '4'];
    const model = join(work, `${format}-model`);
    const trained = await run('train', '--data', out, '--out', model, ...args);
    expect(trained.stderr).toMatch(/12 images of 3 classes, of which \d+ are held out to test on/);
    expect(trained.code).toBe(0);
    const { stdout } = await run('evaluate', join(model, 'checkpoint.safetensors'), '--data', out);
    expect(stdout).toMatch(/^of the images that training has held out of this data$/m);
  },
  60_000,
);
