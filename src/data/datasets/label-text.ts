/** Reads the text of label files, in the encodings that are in use. */
import { promises as fs } from 'node:fs';
import { createGate } from '../concurrency';
import { type Limits, tooLongLabel } from '../limits';
import { idOfBytes } from './names';
import { pathOfId } from './paths';

/** The text of a label file, or why it was not read, in words that follow its name. */
export type LabelText = string | { readonly fault: string };

/**
 * Decodes UTF-8, or UTF-16 with a byte order mark (PowerShell writes it), and removes the mark. Bytes that are not UTF-8 are
 * escaped as in ids, so that different names stay different.
 */
export function labelText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  const text = idOfBytes(bytes);
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/**
 * What `keep` makes of the texts of files below `root`, by id; of '' for what cannot be read. Pipes and devices are not: they
 * may have no end.
 */
export async function readTexts<Kept>(
  root: string,
  ids: readonly string[],
  limits: Limits,
  keep: (id: string, text: LabelText) => Kept,
): Promise<Map<string, Kept>> {
  const gate = createGate();
  const read = async (id: string): Promise<LabelText> => {
    const file = pathOfId(root, id);
    const info = await fs.stat(file);
    if (!info.isFile()) return '';
    if (info.size > limits.maxLabelBytes) return { fault: tooLongLabel(info.size, limits) };
    return labelText(await fs.readFile(file));
  };
  const readOrNot = async (id: string): Promise<[string, Kept]> => [
    id,
    keep(id, await read(id).catch(() => '')),
  ];
  return new Map(await Promise.all(ids.map((id) => gate(() => readOrNot(id)))));
}
