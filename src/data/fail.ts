/** The two failures of this folder: a data set that cannot be used, and one file of it that cannot be read. */
import { reasonOf, SaliencyMixError, systemCode } from '../errors';

/** Words for the system's error codes that a reader of files meets; anything else is quoted as it came. */
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

/** What went wrong when the system was asked for a file or folder, in words. */
export function systemReason(error: unknown): string {
  const code = systemCode(error);
  return (code && SYSTEM[code]) ?? reasonOf(error);
}

/** The error for a data set, or a file that all of it hangs on: `"path" what is wrong`. */
export function dataError(path: string, what: string, cause?: unknown): SaliencyMixError {
  return new SaliencyMixError('DATA', `"${path}" ${what}`, { file: path, cause });
}

/** The error for one image; the others are not affected: `"id" what is wrong`. */
export function fileError(id: string, what: string, cause?: unknown): SaliencyMixError {
  return new SaliencyMixError('FILE', `"${id}" ${what}`, { file: id, cause });
}
