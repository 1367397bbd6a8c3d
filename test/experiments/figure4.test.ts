/** Figure 4: which pairs are shown, and what networks see in them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { openDataset } from '../../src';
import { type BesidePair, choosePairs } from '../../src/train/cam-beside';
import { Trainer } from '../../src/train';
import { colourFolder } from '../cli/colours';
import { run } from '../cli/fixtures';
import { workFolder } from '../train/fixtures';

const work = workFolder();
const folder = join(work, 'data');
beforeAll(() => colourFolder(folder, { train: 24, test: 24 }));

const experiment = (name: string, ...more: string[]) =>
  run('experiment', 'run', name, '--scale', 'tiny', ...more);

/** What a cell’s network makes of an image of the test split, enlarged as in training. */
async function probabilityOf(cell: string, { id, class: name }: { id: string; class: string }) {
  const trainer = await Trainer.resume(join(cell, 'checkpoint.safetensors'));
  try {
    const { mean, std, classes } = trainer.notes.settings as Record<'mean' | 'std', number[]> & {
      classes: string[];
    };
    const dataset = await openDataset({ path: folder, split: 'test' });
    for await (const { images, ids } of dataset.batches({ size: 32, batch: 24 })) {
      const at = ids.indexOf(id) * 32 * 32 * 3;
      const floats = Float32Array.from({ length: 3 * 32 * 32 }, (_, i) => {
        const [c, pixel] = [Math.floor(i / 1024), i % 1024];
        return (images.data[at + 3 * pixel + c] / 255 - mean[c]) / std[c];
      });
      const logits = [...(await trainer.predict(floats))].map(Math.exp);
      return logits[classes.indexOf(name)] / logits.reduce((sum, one) => sum + one, 0);
    }
    throw new Error('no images');
  } finally {
    await trainer.close();
  }
}

test('pairs of two classes, of images that most networks know', () => {
  //                  0  1  2  3  4  5
  const classes = [7, 7, 8, 8, 7, 9];
  expect(choosePairs(classes, [1, 3, 0, 2, 3, 1], 2)).toEqual([
    [1, 3],
    [4, 5],
  ]);
  expect(choosePairs(classes, [1, 3, 0, 2, 3, 1], 9)).toHaveLength(3);
  expect(choosePairs([1, 1, 1], [0, 0, 0], 2)).toEqual([]);
});

test('what table 1’s networks see in the same pairs', async () => {
  const out = join(work, 'networks');
  const some = ['--data', folder, '--out', out, '--methods', 'none,saliencymix'];
  const missing = await experiment('figure4', ...some);
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/train them first/)]);
  const trained = await experiment('table1', ...some, '--seeds', '1');
  expect(trained.code).toBe(0);
  const { code, stdout } = await experiment('figure4', ...some, '--pairs', '2', '--json');
  expect(code).toBe(0);
  const { own } = JSON.parse(stdout) as {
    own: { files: string[]; found: { column: string; file: string; pairs: BesidePair[] }[] };
  };
  expect(own.files).toEqual(['plain', 'augmented'].map((name) => join(out, `figure4-resnet-${name}.png`)));
  // What is kept of it names no place of this machine.
  expect(own.found.map(({ file }) => file)).toEqual([
    'figure4-resnet-plain.png',
    'figure4-resnet-augmented.png',
  ]);
  // Three lines for each of two pairs, of three columns.
  const { width, height } = await sharp(own.files[0]).metadata();
  expect(width).toBeGreaterThan(3 * 224);
  expect(height).toBeGreaterThan(6 * 224);
  for (const { column, pairs } of own.found) {
    expect(pairs).toHaveLength(2);
    for (const { target, source, networks } of pairs) {
      expect(target.class).not.toBe(source.class);
      expect(networks.map(({ title }) => title)).toEqual(['baseline', 'SaliencyMix']);
      for (const { maps } of networks)
        expect(maps.map(({ name }) => name)).toEqual([target.class, source.class]);
      expect(networks[0].lambda).toBe(1);
      // Of the draws the one with most of both.
      expect(Math.abs(networks[1].lambda - 0.6)).toBeLessThan(0.05);
    }
    const [{ target, networks }] = pairs;
    const [map] = networks[0].maps;
    const id = readdirSync(out).find((name) => name.startsWith(`resnet_none_${column}_0`)) as string;
    expect(map.probability).toBeCloseTo(await probabilityOf(join(out, id), target), 4);
  }
}, 90_000);
