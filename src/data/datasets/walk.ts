/** The names of all files below a folder. */
import { promises as fs } from 'node:fs';
import { dataError, systemReason } from '../fail';
import type { Problem } from '../source';
import { isHidden, isImage } from '../layout/names';
import { pathOfId, readFolder, realPath } from './paths';

export interface Found {
  /** All files. Of hidden folders they are listed to be counted, without the folders within. */
  files: string[];
  problems: Problem[];
}

/**
 * The names of all files below `root`, unordered. Links are followed. A folder that cannot be read becomes a
 * problem.
 */
export async function walk(root: string): Promise<Found> {
  const found: Found = { files: [], problems: [] };
  try {
    await enter(root, '', [await realPath(root)], found);
  } catch (error) {
    throw dataError(root, `cannot be opened as a folder of images: ${systemReason(error)}`, error);
  }
  return found;
}

/**
 * Reads one folder. `ancestors` are the real paths from the root down to it: a link to one of them would be a
 * loop.
 */
async function enter(
  root: string,
  within: string,
  ancestors: readonly string[],
  found: Found,
): Promise<void> {
  for (const entry of await readFolder(root, within)) {
    const id = within === '' ? entry.name : `${within}/${entry.name}`;
    if (isHidden(entry.name)) {
      if (entry.isDirectory()) await countHidden(root, id, found);
      else found.files.push(id);
    }
    // Everything with an image's extension is listed, also a folder or a broken link, so that the user is told
    // of it.
    else if (isImage(id)) found.files.push(id);
    else if (entry.isDirectory()) await enterSub(root, id, ancestors, found);
    else if (entry.isSymbolicLink()) await followLink(root, id, ancestors, found);
    else found.files.push(id);
  }
}

/** The files in a hidden folder, to be counted: names directly below it, wherever they are. Links are not followed. */
async function countHidden(root: string, id: string, found: Found): Promise<void> {
  try {
    const folder = pathOfId(root, id) as string;
    for (const entry of await fs.readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isDirectory()) found.files.push(`${id}/${entry.name}`);
    }
  } catch {
    found.files.push(`${id}/`); // of another user or system
  }
}

async function enterSub(root: string, id: string, ancestors: readonly string[], found: Found): Promise<void> {
  try {
    const real = await realPath(root, id);
    if (ancestors.includes(real)) {
      found.problems.push({
        file: id,
        reason: `is a link back to ${real}, a folder it lies in; not entered`,
      });
    } else await enter(root, id, [...ancestors, real], found);
  } catch (error) {
    found.problems.push({ file: id, reason: `cannot be entered: ${systemReason(error)}` });
  }
}

/**
 * Follows a link without an image's extension: it is read if it leads to a folder, and a problem if it leads
 * nowhere.
 */
async function followLink(
  root: string,
  id: string,
  ancestors: readonly string[],
  found: Found,
): Promise<void> {
  try {
    const target = await fs.stat(pathOfId(root, id));
    if (target.isDirectory()) await enterSub(root, id, ancestors, found);
    else found.files.push(id);
  } catch (error) {
    found.problems.push({ file: id, reason: `cannot be followed: ${systemReason(error)}` });
  }
}
