/** The version of this package. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SaliencyMixError } from './errors';

interface Manifest {
  name?: string;
  version: string;
}

/** The folder of this package. */
export const ROOT = resolve(__dirname, '..');

function manifest(): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

function ownVersion(): string {
  const found = manifest();
  // In a bundle this file lies elsewhere, and the addon, the worker threads' files and the font with it.
  if (found?.name !== 'saliencymix')
    throw new SaliencyMixError(
      'ADDON',
      'saliencymix has native code and files of its own, and cannot be part of a bundle: leave it out ' +
        "(esbuild: --external:saliencymix; webpack: externals: ['saliencymix']; Vite: ssr: { external: ['saliencymix'] })",
    );
  return found.version;
}

export const version = ownVersion();
