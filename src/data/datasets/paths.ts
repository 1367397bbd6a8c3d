/** From ids to paths of a file system and back, for names that are not UTF-8 too. */
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { bytesOfId, idOfBytes, idOfText, isEscaped } from './names';

/** What lies in a folder: its name as an id shows it, and what it is. */
export interface FolderEntry {
  readonly name: string;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** The path of what an id relative to `root` stands for: bytes where text cannot name it. */
export function pathOfId(root: string, id: string): string | Buffer {
  if (!isEscaped(id)) return path.join(root, id);
  return Buffer.concat([Buffer.from(path.join(root, path.sep), 'utf8'), bytesOfId(id)]);
}

/** What lies in the folder with that id, in no order. Rejects with the system's error. */
export async function readFolder(root: string, id = ''): Promise<FolderEntry[]> {
  const folder = pathOfId(root, id);
  const entries = await fs.readdir(folder, { withFileTypes: true });
  // The sign that something was no UTF-8; then, and only then, the names are asked for as bytes, which takes longer.
  if (!entries.some(({ name }) => name.includes('\ufffd'))) return entries.map((entry) => shown(entry));
  const raw = await fs.readdir(folder, { withFileTypes: true, encoding: 'buffer' as BufferEncoding });
  return raw.map((entry) => shown(entry));
}

/** Names of what lies in a folder, as ids show them. */
export async function readNames(root: string): Promise<string[]> {
  return (await readFolder(root)).map(({ name }) => name);
}

/** The path that links lead to, as an id shows it. */
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
