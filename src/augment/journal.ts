/**
 * The journal of a run: labels.jsonl (one line per image) and errors.jsonl (one line per bad file), appended part by
 * part after the part's images are in place. A part is what is written or redone as a whole.
 */
import { createReadStream } from 'node:fs';
import { appendFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../errors';
import type { Box } from '../types';
import { writing } from '../run/files';

export const LABELS = 'labels.jsonl';
export const ERRORS = 'errors.jsonl';

/** Where in the run a line belongs: copies are epochs. */
export interface BatchId {
  copy: number;
  batch: number;
}

/** One line of labels.jsonl. */
export interface LabelLine extends BatchId {
  /** Of the mixed image, relative to the output folder. */
  file: string;
  /** Inside `file`, where that holds many: the key in a tar, the row of an array. */
  key?: string;
  row?: number;
  method: string;
  mixed: boolean;
  target: { id: string; class: string };
  source: { id: string; class: string };
  lambda: number;
  from: Box | null;
  to: Box | null;
  peak: [row: number, col: number] | null;
  /** Soft label: one weight per class, in the order of run.json's `settings.classes`. */
  label: number[];
}

/** One line of errors.jsonl. */
export interface ErrorLine extends BatchId {
  file: string;
  reason: string;
}

export interface JournalState {
  /** Parts that are done. */
  parts: number;
  /** Images of those parts. */
  images: number;
  /** Bad files of those parts. */
  errors: ErrorLine[];
}

interface Line {
  text: string;
  /** Byte offset of its first character, and one past its newline. */
  start: number;
  end: number;
}

/** Whole lines of a file; a torn last one is left out. A missing file has none. */
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
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
   * Reads what a stopped run has left, and cuts away what cannot be trusted: a torn line, everything of the last part
   * (it may be incomplete), and everything from a part on whose image is gone.
   */
  async recover(): Promise<JournalState> {
    const labels = join(this.#out, LABELS);
    const starts = new Map<number, { offset: number; images: number }>();
    let images = 0;
    let redo = 0;
    let known = '';
    for await (const { text, start } of wholeLines(labels)) {
      const line = parse(text) as LabelLine | undefined;
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
      const line = parse(text) as ErrorLine | undefined;
      if (!line || this.#partOf(line) >= parts) break;
      errors.push(line);
      length = end;
    }
    await cutTo(path, length);
    return errors;
  }

  /** Adds a part whose images are in place. The bad files come first: the labels say that the part is there. */
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
