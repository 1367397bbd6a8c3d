import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack as createPack } from 'tar-stream';
import { encode } from '../../data/codec';
import { PARTIAL, writing } from '../../run/files';
import { extensionOf, padded, partName, SAMPLES_PER_FILE, type Writer } from './writer';

/** Fixed, so that the same images give the same bytes at any time and for any user. */
const FIXED = { mtime: new Date(0), mode: 0o644, uid: 0, gid: 0 };

/** Tar files as WebDataset reads them: KEY.png with KEY.json, the label line. */
export const webdataset: Writer = {
  name: 'webdataset',
  summary: 'tar files of images with their labels as JSON',
  batchesPerPart: (batch) => Math.max(1, Math.round(SAMPLES_PER_FILE / batch)),
  folders: () => [],
  owns: (name) => /^mixed-.*\.tar$/.test(name),
  async begin({ out, settings }, part) {
    const [height, width] = settings.size;
    const file = partName('mixed', part, 'tar', settings);
    const path = join(out, file);
    const pack = createPack();
    const written = pipeline(
      pack as unknown as NodeJS.ReadableStream,
      createWriteStream(`${path}${PARTIAL}`),
    );
    written.catch(() => undefined); // handled: add and commit throw this error
    const entry = (name: string, bytes: Buffer) =>
      new Promise<void>((resolve, reject) => {
        // Where the file cannot be written (a full disk), the entry fails too, or its callback is never called.
        written.catch(reject);
        pack
          .entry({ name, ...FIXED }, bytes, (error) => (error ? reject(error) : resolve()))
          .on('error', reject);
      });
    return {
      async add(samples) {
        const images = await Promise.all(
          samples.map(({ pixels }) => encode(pixels, height, width, 3, settings.encoding)),
        );
        const keys = samples.map(({ copy, position }) => `${copy}-${padded(position)}`);
        await writing(path, async () => {
          for (const [i, key] of keys.entries()) {
            await entry(
              `${key}.${extensionOf(settings.encoding)}`,
              Buffer.from(images[i].buffer, images[i].byteOffset, images[i].length),
            );
            await entry(`${key}.json`, Buffer.from(JSON.stringify(samples[i].record)));
          }
        });
        return keys.map((key) => ({ file, key }));
      },
      commit: () =>
        writing(path, async () => {
          pack.finalize();
          await written;
          await rename(`${path}${PARTIAL}`, path);
        }),
      async abandon() {
        pack.destroy();
        await written.catch(() => undefined);
        await rm(`${path}${PARTIAL}`, { force: true });
      },
    };
  },
};
