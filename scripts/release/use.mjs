// Puts the addon that was built for this platform where a clone's own build would lie, so that the clone's tests run it.
// node scripts/release/use.mjs <platform>
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { release, root } from './tools.mjs';

const [platform] = process.argv.slice(2);
const { platformHere } = createRequire(import.meta.url)(join(root, 'dist', 'native', 'platforms.js'));
const addon = join(release, platform ?? '', 'saliencymix.node');
if (platform !== platformHere()) {
  console.error(`this is ${platformHere()}, not ${platform}`);
  process.exitCode = 1;
} else if (!existsSync(addon)) {
  console.error(`not built: ${addon}`);
  process.exitCode = 1;
} else {
  mkdirSync(join(root, 'build', 'Release'), { recursive: true });
  copyFileSync(addon, join(root, 'build', 'Release', 'saliencymix.node'));
}
