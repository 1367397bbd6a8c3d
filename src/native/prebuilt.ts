/** The addon out of the package for this platform. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Addon } from './binding';

/** What the package.json of such a package says of its file. */
interface Manifest {
  main: string;
  sha256: string;
}

/**
 * Throws unless the package's file is what was packed: one that was cut short or changed could end the process when it is
 * loaded. Nothing is said where there is no package: loading it will say so.
 */
export function checkPackage(platform: string): void {
  let place: string;
  try {
    place = require.resolve(`@saliencymix/${platform}/package.json`);
  } catch {
    return;
  }
  const { main, sha256 } = JSON.parse(readFileSync(place, 'utf8')) as Manifest;
  const file = join(dirname(place), main);
  const found = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (found !== sha256)
    throw new Error(`${file} is damaged or was changed: it is not the file that was published`);
}

/**
 * Written out, so that bundlers and tracers of files see every name.
 * @throws what `require` throws
 */
export function requirePackage(platform: string): Addon | undefined {
  switch (platform) {
    case 'linux-x64-gnu':
      return require('@saliencymix/linux-x64-gnu') as Addon;
    case 'linux-arm64-gnu':
      return require('@saliencymix/linux-arm64-gnu') as Addon;
    case 'linux-x64-musl':
      return require('@saliencymix/linux-x64-musl') as Addon;
    case 'linux-arm64-musl':
      return require('@saliencymix/linux-arm64-musl') as Addon;
    case 'win32-x64':
      return require('@saliencymix/win32-x64') as Addon;
    case 'win32-arm64':
      return require('@saliencymix/win32-arm64') as Addon;
    case 'darwin-arm64':
      return require('@saliencymix/darwin-arm64') as Addon;
    case 'darwin-x64':
      return require('@saliencymix/darwin-x64') as Addon;
    default:
      return undefined;
  }
}
