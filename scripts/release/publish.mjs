// Publishes what pack.mjs packs, the packages of the platforms first, so that nobody gets this package without them. What the
// registry has already is passed over: a release that was cut off is begun again. The tags that it prints are for
// changesets/action, which makes releases of them.
// node scripts/release/publish.mjs [--dry-run]
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packAll } from './pack.mjs';
import { root } from './tools.mjs';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const options = process.argv.slice(2);

function npm(...args) {
  const done = spawnSync('npm', args, { encoding: 'utf8' });
  return { isDone: done.status === 0, output: `${done.stdout}${done.stderr}` };
}

for (const { name, archive } of packAll()) {
  if (npm('view', `${name}@${version}`, 'version').output.trim() === version) {
    console.log(`${name}@${version} is published already`);
    continue;
  }
  const { isDone, output } = npm('publish', archive, '--access', 'public', ...options);
  if (!isDone) throw new Error(`${name}@${version} could not be published:\n${output}`);
  console.log(`New tag: ${name}@${version}`);
}
