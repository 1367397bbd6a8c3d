/** Reads a file that comes with a data set and may be missing, such as the names of its classes. */
import { promises as fs } from 'node:fs';
import { dataError } from './fail';
import { type Limits, tooManyBytes } from './limits';

/**
 * Its text; undefined where there is no such plain file, or none that can be read.
 * @throws (rejects) SaliencyMixError DATA for one of more bytes than the limit called `most`
 */
export async function readSmallFile(
  file: string,
  limits: Limits,
  most: 'maxFileBytes' | 'maxLabelBytes',
): Promise<string | undefined> {
  const info = await fs.stat(file).catch(() => undefined);
  if (!info?.isFile()) return undefined;
  if (info.size > limits[most]) throw dataError(file, tooManyBytes(info.size, limits, most));
  return fs.readFile(file, 'utf8').catch(() => undefined);
}
