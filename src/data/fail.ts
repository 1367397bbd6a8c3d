/** The two errors of this folder: a data set that cannot be used, and one file that cannot be read. */
import { reasonOf, SaliencyMixError, systemCode } from '../errors';

/**
 * Messages for the system's error codes that reading files may give. For other codes the system's message is
 * taken.
 */
const SYSTEM: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'it is not there, or is a link to something that is not',
  ELOOP: 'its links go round in a circle',
  ENOTDIR: 'it is not a folder',
  EISDIR: 'it is a directory',
  ENAMETOOLONG: 'its name is too long',
  EMFILE: 'too many files are open (raise the limit: ulimit -n)',
};

/** Why the system refused to read a file or folder, in words. */
export function systemReason(error: unknown): string {
  const code = systemCode(error);
  return (code && SYSTEM[code]) ?? reasonOf(error);
}

/** The error for a data set, or a file that all of it depends on; the message is `"path" what`. */
export function dataError(path: string, what: string, cause?: unknown): SaliencyMixError {
  return new SaliencyMixError('DATA', `"${path}" ${what}`, { file: path, cause });
}

/** The error for a split that was asked for and is not there; told from others by `argument`. */
export function splitError(path: string, what: string): SaliencyMixError {
  return new SaliencyMixError('DATA', `"${path}" ${what}`, { file: path, argument: 'split' });
}

/** The error for one image, which does not affect the others; the message is `"id" what`. */
export function fileError(id: string, what: string, cause?: unknown): SaliencyMixError {
  return new SaliencyMixError('FILE', `"${id}" ${what}`, { file: id, cause });
}
