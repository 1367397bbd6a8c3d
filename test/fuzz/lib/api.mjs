/** The built package as its users get it, over the addon with sanitizers where one is named. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const dist = '../../../dist';

export const packageApi = require(`${dist}/index.js`);
export const trainApi = require(`${dist}/train/index.js`);
export const sharp = require('sharp');

/** Every call goes to the addon of that file from now on. */
export function useAddon(file) {
  const { addon } = require(`${dist}/native/load.js`);
  const sanitized = require(file);
  Object.assign(addon(), sanitized);
  if (addon().mix !== sanitized.mix) throw new Error('the addon with sanitizers is not in use');
}
