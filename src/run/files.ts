/** Writes files so that they are complete or not there: under another name first, then renamed. */
import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { reasonOf, SaliencyMixError, systemCode } from '../errors';

/**
 * Ending of a file that is being written. After a crash such files can be removed: no other program uses this
 * ending.
 */
export const PARTIAL = '.saliencymix-partial';

/** The error for a failed write, which says what to do. */
export function writeError(path: string, error: unknown): SaliencyMixError {
  if (error instanceof SaliencyMixError) return error;
  const advice: Record<string, string> = {
    ENOSPC: 'the disk is full; free some space and continue with --resume',
    EDQUOT: 'the disk quota is used up; free some space and continue with --resume',
    EFBIG: 'the file would be too large for this system',
    EACCES: 'no permission to write there',
    EPERM: 'no permission to write there',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of the path is a file',
    ENOENT: 'the folder that it goes into is not there',
    EEXIST: 'there is a file of that name',
    EISDIR: 'there is a folder of that name',
  };
  const why = advice[systemCode(error) ?? ''] ?? reasonOf(error);
  return new SaliencyMixError('OUTPUT', `Cannot write ${path}: ${why}`, { file: path, cause: error });
}

/**
 * Runs a step that writes `path`. If it fails, the unfinished file is removed, and the error names the path.
 */
export async function writing<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    await rm(`${path}${PARTIAL}`, { force: true }).catch(() => undefined);
    throw writeError(path, error);
  }
}

/** Writes a file as a whole. Of several processes that write it at once, the last one's is kept. */
export async function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  const own = `${path}.${randomBytes(4).toString('hex')}${PARTIAL}`;
  try {
    await writeFile(own, bytes);
    await rename(own, path);
  } catch (error) {
    await rm(own, { force: true }).catch(() => undefined);
    throw writeError(path, error);
  }
}
