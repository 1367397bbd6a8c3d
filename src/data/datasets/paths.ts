/** Paths of ids, and ids of what is in a folder, also for names that are not UTF-8. */
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { bytesOfId, idOfBytes, idOfText, isEscaped } from './names';

/** An entry of a folder. `name` is written as in ids. */
export interface FolderEntry {
  readonly name: string;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** The path of an id that is relative to `root`: a Buffer if the name is not UTF-8. */
export function pathOfId(root: string, id: string): string | Buffer {
  if (!isEscaped(id)) return path.join(root, id);
  return Buffer.concat([Buffer.from(path.join(root, path.sep), 'utf8'), bytesOfId(id)]);
}

/** The entries of the folder with that id, unordered. Rejects with the system's error. */
export async function readFolder(root: string, id = ''): Promise<FolderEntry[]> {
  const folder = pathOfId(root, id);
  const entries = await fs.readdir(folder, { withFileTypes: true });
  // U+FFFD replaces bytes that are not UTF-8. Only then are the names read again as bytes, which is slower.
  if (!entries.some(({ name }) => name.includes('\ufffd'))) return entries.map((entry) => shown(entry));
  const raw = await fs.readdir(folder, { withFileTypes: true, encoding: 'buffer' as BufferEncoding });
  return raw.map((entry) => shown(entry));
}

/** The names of a folder's entries, written as in ids. */
export async function readNames(root: string): Promise<string[]> {
  return (await readFolder(root)).map(({ name }) => name);
}

/** The path after all links are followed, written as in ids. */
export async function realPath(root: string, id = ''): Promise<string> {
  const real = await fs.realpath(pathOfId(root, id), { encoding: 'buffer' });
  return idOfBytes(real);
}

function shown(entry: {
  name: string | Buffer;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}): FolderEntry {
  const { name } = entry;
  const id = typeof name === 'string' ? idOfText(name) : idOfBytes(name);
  return id === name ? (entry as FolderEntry) : Object.assign(entry, { name: id });
}
