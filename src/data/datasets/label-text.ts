/** Reads the text of label files, in the encodings that are in use. */
import { promises as fs } from 'node:fs';
import { createGate } from '../concurrency';
import { idOfBytes } from './names';
import { pathOfId } from './paths';

/** Largest file whose text is kept. No label is larger. */
export const LARGEST_TEXT = 1 << 20;

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

/** The texts of files below `root`, by id: undefined for files that are too large, '' for files that cannot be read. */
export async function readTexts(
  root: string,
  ids: readonly string[],
): Promise<Map<string, string | undefined>> {
  const gate = createGate();
  const read = async (id: string): Promise<[string, string | undefined]> => {
    const file = pathOfId(root, id);
    const { size } = await fs.stat(file);
    return [id, size > LARGEST_TEXT ? undefined : labelText(await fs.readFile(file))];
  };
  return new Map(
    await Promise.all(ids.map((id) => gate(() => read(id).catch((): [string, string] => [id, ''])))),
  );
}
