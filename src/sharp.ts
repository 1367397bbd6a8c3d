/** sharp, which is loaded when the first image is decoded or encoded: mixing arrays needs none. */
import { reasonOf, SaliencyMixError } from './errors';
import { installLine } from './package-manager';

type Sharp = typeof import('sharp');

let loaded: Sharp | undefined;

/** @throws SaliencyMixError ADDON, with what to do, where it is missing or does not load */
export function loadSharp(): Sharp {
  try {
    loaded ??= require('sharp') as Sharp;
    return loaded;
  } catch (error) {
    throw new SaliencyMixError(
      'ADDON',
      `Image files are read and written by the package sharp, which does not load here (${installLine('sharp')}; it needs ` +
        `its optional dependencies): ${reasonOf(error)}`,
      { cause: error },
    );
  }
}
