/** Images as CIFAR's files have them, for tests of its versions. */
import { cifar } from '../../src/data/datasets/cifar';
import type { DatasetSource } from '../../src/data/source';

const SIDE = 32;

/** The byte of a pixel: different for every channel, row and column, and for every record. */
const level = (record: number, channel: number, row: number, column: number) =>
  (record * 31 + channel * 80 + row * 5 + column * 3) % 256;

/** The planes R, G, B of a record, row by row. */
export function planes(record: number): number[] {
  const bytes = [];
  for (let channel = 0; channel < 3; channel++) {
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) bytes.push(level(record, channel, row, column));
    }
  }
  return bytes;
}

/** Its RGB pixels. */
export function pixels(record: number): Uint8Array {
  const bytes = [];
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      for (let channel = 0; channel < 3; channel++) bytes.push(level(record, channel, row, column));
    }
  }
  return Uint8Array.from(bytes);
}

/** Opens CIFAR, and closes all that was opened after the tests of a file. */
export function opener(): (root: string, split?: string) => Promise<DatasetSource> {
  const opened: DatasetSource[] = [];
  afterAll(() => Promise.all(opened.map((source) => source.close())));
  return async (root, split) => {
    const source = await cifar.open({ path: root, split });
    opened.push(source);
    return source;
  };
}
