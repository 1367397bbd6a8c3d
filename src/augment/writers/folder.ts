import { join } from 'node:path';
import { encode } from '../../data/codec';
import { writeWhole } from '../../run/files';
import { extensionOf, padded, type Sample, type Writer } from './writer';

/** One image file per sample: images/COPY/POSITION.png (or .jpg, .webp). A part is one batch. */
export const folder: Writer = {
  name: 'folder',
  summary: 'one image file per sample, below images/',
  batchesPerPart: () => 1,
  folders: ({ copies }) => Array.from({ length: copies }, (_, copy) => join('images', String(copy))),
  owns: (name) => name === 'images',
  async begin({ out, settings }) {
    const [height, width] = settings.size;
    const write = async ({ copy, position, pixels }: Sample) => {
      const file = `images/${copy}/${padded(position)}.${extensionOf(settings.encoding)}`;
      await writeWhole(join(out, file), await encode(pixels, height, width, 3, settings.encoding));
      return { file };
    };
    return {
      async add(samples) {
        // Where one fails the others are awaited too, so that nothing is still being written when the error is
        // thrown.
        const outcomes = await Promise.allSettled(samples.map(write));
        return outcomes.map((outcome) => {
          if (outcome.status === 'rejected') throw outcome.reason;
          return outcome.value;
        });
      },
      commit: async () => undefined,
      abandon: async () => undefined,
    };
  },
};
