/** Every operation at every level and sign of torchvision's AutoAugment, against Pillow's pixels; see test/golden/README.md. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { applyImageOperation, type ImageBatch, type ImageOperation, imageOperationNames } from '../../src';
import { goldenBatch, goldenSets } from '../golden';

interface Case {
  image: string;
  op: ImageOperation;
  level: number | null;
  magnitude: number;
  sha256: string;
}

const { cases } = JSON.parse(
  readFileSync(resolve(__dirname, '..', 'golden', 'autoaugment', 'index.json'), 'utf8'),
) as { cases: Case[] };

const [synthetic] = goldenSets;
const images = new Map<string, ImageBatch>();

beforeAll(async () => {
  for (const image of synthetic.images) {
    if (cases.some((one) => one.image === image.id))
      images.set(image.id, await goldenBatch(synthetic, image));
  }
});

const hashOf = (pixels: Uint8Array) => createHash('sha256').update(pixels).digest('hex').slice(0, 16);

test('the golden set has all operations but Identity', () => {
  const found = new Set(cases.map(({ op }) => op));
  expect(imageOperationNames.filter((name) => !found.has(name))).toEqual(['Identity']);
  expect(cases).toHaveLength(812);
});

test.each(imageOperationNames.slice(1))('%s', async (operation) => {
  const wrong: string[] = [];
  for (const { image, op, magnitude, sha256 } of cases) {
    if (op !== operation) continue;
    const { data } = await applyImageOperation(images.get(image)!, op, magnitude);
    if (hashOf(data) !== sha256) wrong.push(`${image} ${magnitude}`);
  }
  expect(wrong).toEqual([]);
});
