/** Reads a text file line by line: lists of labels can be larger than the longest string. */
import { createReadStream, promises as fs } from 'node:fs';
import { SaliencyMixError } from '../errors';
import { dataError, systemReason } from './fail';
import { type Limits, tooManyBytes } from './limits';

export interface Line {
  /** Without its end, `\n` or `\r\n`. */
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

const READ = 1 << 18;
const END = 10;

/**
 * The lines of a list, without a byte order mark. No more than one line is held.
 * @throws (rejects) SaliencyMixError DATA for a file that cannot be read or is no plain one, of more than `maxFileBytes`, or
 *   with a line of more than `maxLabelBytes`
 */
export async function* linesOf(file: string, limits: Limits): AsyncGenerator<Line, void, undefined> {
  await checkList(file, limits);
  const begun = new Begun(file, limits);
  let number = 0;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: READ }) as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(END); end >= 0; end = chunk.indexOf(END, start)) {
        number++;
        begun.add(chunk.subarray(start, end), number);
        yield { text: begun.take(number), number };
        start = end + 1;
      }
      begun.add(chunk.subarray(start), number + 1);
    }
  } catch (error) {
    throw error instanceof SaliencyMixError ? error : unreadable(file, error);
  }
  yield { text: begun.take(number + 1), number: number + 1 };
}

/** The line that is being read. */
class Begun {
  #parts: Buffer[] = [];
  #length = 0;

  constructor(
    private readonly file: string,
    private readonly limits: Limits,
  ) {}

  add(part: Buffer, number: number): void {
    this.#length += part.length;
    if (this.#length > this.limits.maxLabelBytes) throw tooLong(this.file, number, this.limits);
    this.#parts.push(part);
  }

  take(number: number): string {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    const text = bytes.toString('utf8');
    const from = number === 1 && text.startsWith('\uFEFF') ? 1 : 0;
    return text.slice(from, text.endsWith('\r') ? -1 : undefined);
  }
}

/** Reading a pipe would wait for ever. */
async function checkList(file: string, limits: Limits): Promise<void> {
  const info = await fs.stat(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  if (!info.isFile() && !info.isDirectory())
    throw dataError(file, 'is not a plain file (a pipe, socket or device)');
  if (info.size > limits.maxFileBytes) throw dataError(file, tooManyBytes(info.size, limits));
}

const unreadable = (file: string, error: unknown) =>
  dataError(file, `cannot be read: ${systemReason(error)}`, error);

function tooLong(file: string, number: number, { maxLabelBytes }: Limits): Error {
  const raise = 'if it is one label, give --max-label-bytes (maxLabelBytes)';
  return dataError(file, `has a line ${number} of more than ${maxLabelBytes} bytes: ${raise}`);
}
