import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PARTIAL, writing } from '../../run/files';
import { partName, SAMPLES_PER_FILE, type Writer } from './writer';

/**
 * Length of the header. It is written again at the end, when the number of rows is known, so its length is
 * fixed.
 */
const HEADER = 128;

/**
 * The header of NumPy's format 1.0: magic, version, length of the text (little endian), and the text, padded to
 * HEADER.
 */
function npyHeader(descr: string, shape: readonly number[]): Buffer {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sides}), }`;
  const header = Buffer.alloc(HEADER, ' ');
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(HEADER - 10, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', HEADER - 1, 'latin1');
  return header;
}

/** A file that an array is written to, row by row. */
class ArrayFile {
  #rows = 0;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #descr: string;
  readonly #row: readonly number[];

  private constructor(path: string, file: FileHandle, descr: string, row: readonly number[]) {
    [this.#path, this.#file, this.#descr, this.#row] = [path, file, descr, row];
  }

  static async create(path: string, descr: string, row: readonly number[]): Promise<ArrayFile> {
    return writing(path, async () => {
      const file = await open(`${path}${PARTIAL}`, 'w');
      await file.write(npyHeader(descr, [0, ...row]));
      return new ArrayFile(path, file, descr, row);
    });
  }

  async add(row: Uint8Array | Float32Array): Promise<void> {
    await writing(this.#path, async () => {
      let bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
      while (bytes.length > 0) bytes = bytes.subarray((await this.#file.write(bytes)).bytesWritten);
    });
    this.#rows++;
  }

  commit(): Promise<void> {
    return writing(this.#path, async () => {
      await this.#file.write(npyHeader(this.#descr, [this.#rows, ...this.#row]), 0, HEADER, 0);
      await this.#file.close();
      await rename(`${this.#path}${PARTIAL}`, this.#path);
    });
  }

  async abandon(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(`${this.#path}${PARTIAL}`, { force: true });
  }
}

/** Arrays: images-*.npy uint8 N×H×W×3, and labels-*.npy float32 N×classes with the same rows. */
export const npy: Writer = {
  name: 'npy',
  summary: 'NumPy arrays of images (uint8 N×H×W×3) and soft labels (float32 N×classes)',
  batchesPerPart: (batch) => Math.max(1, Math.round(SAMPLES_PER_FILE / batch)),
  folders: () => [],
  owns: (name) => /^(images|labels)-.*\.npy$/.test(name),
  async begin({ out, settings }, part) {
    const file = partName('images', part, 'npy', settings);
    const images = await ArrayFile.create(join(out, file), '|u1', [...settings.size, 3]);
    const labelFile = join(out, partName('labels', part, 'npy', settings));
    const labels = await ArrayFile.create(labelFile, '<f4', [settings.classes.length]);
    let row = 0;
    return {
      async add(samples) {
        const written = [];
        for (const { pixels, label } of samples) {
          await images.add(pixels);
          await labels.add(label);
          written.push({ file, row: row++ });
        }
        return written;
      },
      // The images come last: their file shows the journal that the part is complete.
      async commit() {
        await labels.commit();
        await images.commit();
      },
      async abandon() {
        await labels.abandon();
        await images.abandon();
      },
    };
  },
};
