/** The registry of data set formats. A new one needs a file in this folder and a line here. */
import { promises as fs } from 'node:fs';
import { invalid } from '../../check';
import { custom, named, parse } from '../../option';
import { dataError, systemReason } from '../fail';
import type { DatasetSource } from '../source';
import { cifar } from './cifar';
import { demo } from './demo';
import { folder } from './folder';
import { type Format, type Opening, type OpenOptions, openOptions } from './format';
import { labelled } from './labelled';
import { npy } from './npy';
import { tar } from './tar';
import { tinyImagenet } from './tiny-imagenet';

/** In the order in which they are tried on a path. `folder` matches any folder, so it comes last. */
export const formats: readonly Format[] = [demo, cifar, labelled, npy, tar, tinyImagenet, folder];

const dataOptions = { ...openOptions, format: named(formats.map((format) => format.name)) };

/** The option `data` of jobs: a path, or options of openDataset. */
export const dataOption = custom<OpenOptions, string | OpenOptions>((value) => {
  const options = typeof value === 'string' ? { path: value } : value;
  return parse(dataOptions, options, 'openDataset options');
});

/** The options of a call with a path, and others perhaps, or with all in one. */
export function openingOf(pathOrOptions: string | OpenOptions, others: unknown): OpenOptions {
  if (others === undefined) return dataOption.check(pathOrOptions, 'data');
  if (typeof pathOrOptions !== 'string' || typeof others !== 'object' || others === null)
    throw invalid('options', 'an object such as { split: "test" }, after a path', others);
  return dataOption.check({ ...others, path: pathOrOptions }, 'data');
}

/**
 * Opens a data set, in the format that was asked for or the first that matches the path.
 * @throws (rejects) SaliencyMixError DATA for a path that is not there or matches no format
 */
export async function openSource(options: Opening): Promise<DatasetSource> {
  const { path, format } = options;
  if (format !== undefined) return formatCalled(format).open(options);
  for (const candidate of formats) {
    if (await candidate.matches(path)) return candidate.open(options);
  }
  await fs.stat(path).catch((error: unknown) => {
    throw dataError(path, `cannot be opened: ${systemReason(error)}`, error);
  });
  throw dataError(path, `is not a folder and not a .tar file; ${described()}`);
}

const formatCalled = (name: string) => formats.find((format) => format.name === name) as Format;

function described(): string {
  return `what can be opened: ${formats.map(({ name: called, summary }) => `${called} (${summary})`).join('; ')}`;
}
