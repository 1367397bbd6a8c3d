/** What ran: versions that are worth keeping with a result. They change no byte of it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { codecVersions } from '../data/codec';
import { levelOf } from '../native/backends';

const manifest = JSON.parse(readFileSync(resolve(__dirname, '..', '..', 'package.json'), 'utf8')) as {
  version: string;
};

/** Of this package. */
export const version = manifest.version;

/** Of the machine and its libraries. */
export interface Environment {
  node: string;
  platform: string;
  backend: string;
  level: string;
  sharp: string;
  libvips: string;
  /** What decodes the JPEG files of batches: libjpeg and its version, or sharp. Other files are always decoded by sharp. */
  jpeg: string;
}

export function environment(backend: string): Environment {
  const { sharp, vips, jpeg } = codecVersions();
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    backend,
    level: levelOf(backend),
    sharp,
    libvips: vips,
    jpeg,
  };
}
