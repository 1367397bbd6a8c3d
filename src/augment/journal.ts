/**
 * The journal of a run: labels.jsonl (one line per image) and errors.jsonl (one line per bad file). A run is
 * written in parts; the lines of a part are appended after all of its images are written. A part that was
 * interrupted is redone.
 */
import { createReadStream } from 'node:fs';
import { appendFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../errors';
import type { DrawnOperation } from '../operations/plan';
import type { Box } from '../types';
import { writing } from '../run/files';

export const LABELS = 'labels.jsonl';
export const ERRORS = 'errors.jsonl';

/** Which batch of the run a line belongs to; a copy is an epoch of the mixer. */
export interface BatchId {
  copy: number;
  batch: number;
}

/** One line of labels.jsonl. */
export interface LabelLine extends BatchId {
  /** File with the mixed image, relative to the output folder. */
  file: string;
  /** Where `file` holds many images: the key in a tar, or the row of an array. */
  key?: string;
  row?: number;
  method: string;
  mixed: boolean;
  target: MixedImage;
  source: MixedImage;
  lambda: number;
  from: Box | null;
  to: Box | null;
  /** The sample's `anchor` in the plan; the name in this file is older. */
  peak: [row: number, col: number] | null;
  /** Soft label: one weight per class, in the order of run.json's `settings.classes`. */
  label: number[];
}

/** One of the two images of a sample. */
export interface MixedImage {
  id: string;
  class: string;
  /** Where the run has a policy: what was done to the image before it was mixed, but for what changes nothing. */
  operations?: DrawnOperation[];
}

/** One line of errors.jsonl. */
export interface ErrorLine extends BatchId {
  file: string;
  reason: string;
}

export interface JournalState {
  /** Number of complete parts, from the first on. */
  parts: number;
  /** Images in those parts. */
  images: number;
  /** Bad files in those parts. */
  errors: ErrorLine[];
}

interface Line {
  text: string;
  /** Byte offset of its first character, and one past its newline. */
  start: number;
  end: number;
}

/** The complete lines of a file: a last line without newline is left out. A missing file has none. */
async function* wholeLines(path: string): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      let start = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
        yield { text: rest.toString('utf8', start, end), start: offset + start, end: offset + end + 1 };
        start = end + 1;
      }
      offset += start;
      rest = rest.subarray(start);
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

/** The line, if it has the place of a batch and texts of these names. */
function parse<L extends BatchId>(text: string, ...texts: (keyof L)[]): L | undefined {
  try {
    const line = JSON.parse(text) as L;
    const isWhole = Number.isInteger(line.copy) && Number.isInteger(line.batch);
    return isWhole && texts.every((name) => typeof line[name] === 'string') ? line : undefined;
  } catch {
    return undefined;
  }
}

const exists = (path: string) =>
  stat(path).then(
    ({ size }) => size > 0,
    () => false,
  );

/** Cuts a file down to `length` bytes; a missing one stays missing. */
async function cutTo(path: string, length: number): Promise<void> {
  await writing(path, async () => {
    if (await exists(path)) await truncate(path, length);
  });
}

export class Journal {
  readonly #out: string;
  readonly #partOf: (place: BatchId) => number;

  constructor(out: string, partOf: (place: BatchId) => number) {
    this.#out = out;
    this.#partOf = partOf;
  }

  /**
   * Reads the lines that a stopped run has left, and cuts off those that cannot be relied on: an incomplete
   * line, all of the last part (which may be incomplete), and all from the first part on of which an image is
   * missing.
   */
  async recover(): Promise<JournalState> {
    const labels = join(this.#out, LABELS);
    const starts = new Map<number, { offset: number; images: number }>();
    let images = 0;
    let redo = 0;
    let known = '';
    for await (const { text, start } of wholeLines(labels)) {
      const line = parse<LabelLine>(text, 'file');
      const part = line ? this.#partOf(line) : -1;
      if (!line || part < redo) break;
      redo = part;
      if (!starts.has(part)) starts.set(part, { offset: start, images });
      if (line.file !== known && !(await exists(join(this.#out, line.file)))) break;
      known = line.file;
      images++;
    }
    const kept = starts.get(redo) ?? { offset: 0, images: 0 };
    await cutTo(labels, kept.offset);
    await writing(labels, () => writeFile(labels, '', { flag: 'a' }));
    return { parts: redo, images: kept.images, errors: await this.#recoverErrors(redo) };
  }

  async #recoverErrors(parts: number): Promise<ErrorLine[]> {
    const path = join(this.#out, ERRORS);
    const errors: ErrorLine[] = [];
    let length = 0;
    for await (const { text, end } of wholeLines(path)) {
      const line = parse<ErrorLine>(text, 'file', 'reason');
      if (!line || this.#partOf(line) >= parts) break;
      errors.push(line);
      length = end;
    }
    await cutTo(path, length);
    return errors;
  }

  /** Appends the lines of a part. The labels come last, because they show that the part is complete. */
  async append(labels: readonly LabelLine[], errors: readonly ErrorLine[]): Promise<void> {
    await this.#add(ERRORS, errors);
    await this.#add(LABELS, labels);
  }

  async #add(name: string, lines: readonly object[]): Promise<void> {
    if (lines.length === 0) return;
    const path = join(this.#out, name);
    await writing(path, () => appendFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
  }
}
