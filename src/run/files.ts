/** Files that are whole or not there: written beside their place, then renamed. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { reasonOf, SaliencyMixError, systemCode } from '../errors';

/** Ending of a file that is being written; after a crash these are leftovers to remove, and nobody else's. */
export const PARTIAL = '.saliencymix-partial';

/** A failed write in words that say what to do. */
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
  };
  const why = advice[systemCode(error) ?? ''] ?? reasonOf(error);
  return new SaliencyMixError('OUTPUT', `Cannot write ${path}: ${why}`, { file: path, cause: error });
}

/** Runs a step that writes `path`; its failure names the path, and the half-written file is removed. */
export async function writing<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    await rm(`${path}${PARTIAL}`, { force: true }).catch(() => undefined);
    throw writeError(path, error);
  }
}

/** Writes a whole file. */
export function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  return writing(path, async () => {
    await writeFile(`${path}${PARTIAL}`, bytes);
    await rename(`${path}${PARTIAL}`, path);
  });
}
