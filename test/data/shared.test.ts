/** The real archives of ../shared/data, where they are there. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { batches } from '../../src/data/batches';
import { decode } from '../../src/data/codec';
import { tar } from '../../src/data/datasets/tar';
import { hasUsualProfile } from '../../src/data/jpeg-profile';
import { loadBatch } from '../../src/data/load';
import { resolveSize } from '../../src/data/size';

const shared = path.resolve(__dirname, '../../../shared/data');
const imagenet = path.join(shared, 'imagenet-samples-100.tar');
const cifar = path.join(shared, 'cifar10-jpeg.tar');
const tiny = path.join(shared, 'tiny-imagenet-20.tar');

test('the archives are there all together, or not at all', () => {
  expect([0, 3]).toContain([imagenet, cifar, tiny].filter((file) => existsSync(file)).length);
});

if (existsSync(imagenet)) {
  test('imagenet-samples-100: flat, the class is the synset before the first _', async () => {
    const source = await tar.open({ path: imagenet });
    expect([source.items.length, source.classes.length, source.problems.length]).toEqual([100, 100, 0]);
    expect(source.items[0]).toEqual({ id: 'n01440764_tench.JPEG', label: 0 });
    expect(source.classes.slice(0, 2)).toEqual(['n01440764', 'n01530575']);
    expect(await resolveSize({ source }, 'auto')).toEqual({ size: [224, 224], strict: false });
    const loaded = await loadBatch({ source }, [0, 50, 99], [224, 224]);
    expect(loaded.holes).toEqual([]);
    expect(loaded.images?.shape).toEqual([3, 224, 224, 3]);
    await source.close();
  });
}

if (existsSync(imagenet)) {
  test('imagenet-samples-100: 17 have the sRGB profile, and leaving it out changes no pixel', async () => {
    const source = await tar.open({ path: imagenet });
    let usual = 0;
    for (const [index, { id }] of source.items.entries()) {
      const file = (await source.read(index)) as Uint8Array;
      const { images } = await loadBatch({ source }, [index], [224, 224]);
      expect(Buffer.compare(images?.data as Uint8Array, (await decode(file, [224, 224], id)).pixels)).toBe(0);
      if (!hasUsualProfile(file)) continue;
      usual++;
      const applied = await sharp(file).raw().toBuffer();
      expect(applied.equals((await decode(file, undefined, id)).pixels)).toBe(true);
    }
    expect(usual).toBe(17);
    await source.close();
  });
}

if (existsSync(cifar)) {
  test('cifar10-jpeg: 50,000 and 10,000 images of 10 classes, all 32 × 32', async () => {
    const source = await tar.open({ path: cifar });
    expect([source.items.length, source.classes.length]).toEqual([50_000, 10]);
    expect(source.items[0]).toEqual({ id: 'train/airplane/0000.jpg', label: 0 });
    expect(source.classes[9]).toBe('truck');
    for await (const { images, holes } of batches({ source }, { size: 'keep', batch: 256 })) {
      expect(images.shape).toEqual([256, 32, 32, 3]);
      expect(holes).toEqual([]);
      break;
    }
    await source.close();
    const held = await tar.open({ path: cifar, split: 'test' });
    expect([held.items.length, held.classes]).toEqual([10_000, source.classes]);
    await held.close();
  });
}

if (existsSync(tiny)) {
  test('tiny-imagenet-20: train and val, gray files among them become RGB', async () => {
    const train = await tar.open({ path: tiny });
    const val = await tar.open({ path: tiny, split: 'val' });
    expect([train.items.length, val.items.length]).toEqual([10_000, 1000]);
    expect([train.classes.length, val.classes]).toEqual([20, train.classes]);
    let read = 0;
    for await (const { images, ids } of batches({ source: val }, { batch: 100, shuffle: false })) {
      expect(images.shape).toEqual([100, 64, 64, 3]);
      read += ids.length;
    }
    expect(read).toBe(1000);
    await train.close();
    await val.close();
  });
}
