// Packs what is published: the package for each platform that was built (build.mjs), and this package, which asks for them.
// node scripts/release/pack.mjs     → build/release/packages/*.tgz
//
// The platforms' packages stand in package.json only here: in the repository `npm ci` would look for versions that are not
// published yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { release, root } from './tools.mjs';

const require = createRequire(import.meta.url);

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

function npm(folder, ...args) {
  const done = spawnSync('npm', [...args, '--loglevel=error'], { cwd: folder, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`npm ${args.join(' ')} in ${folder}:\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** Packs a folder; gives the archive. */
function pack(folder, to) {
  const [{ filename }] = JSON.parse(
    npm(folder, 'pack', '--json', '--ignore-scripts', '--pack-destination', to),
  );
  return join(to, filename);
}

/** What packages of one project have in common. */
const shared = ({ version, license, engines, repository, homepage, bugs }) => ({
  version,
  license,
  engines,
  ...(repository && { repository, homepage, bugs }),
});

function packPlatform(name, { os, cpu, libc }, to) {
  const manifest = readJson(join(root, 'package.json'));
  const built = join(release, name);
  const folder = join(release, 'stage', name);
  mkdirSync(folder, { recursive: true });
  const addon = readFileSync(join(built, 'saliencymix.node'));
  writeFileSync(join(folder, 'saliencymix.node'), addon);
  copyFileSync(join(built, 'THIRD-PARTY-NOTICES'), join(folder, 'THIRD-PARTY-NOTICES'));
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const system = `${os} ${cpu}${libc ? `, ${libc}` : ''}`;
  writeFileSync(
    join(folder, 'README.md'),
    `# @saliencymix/${name}\n\nThe native addon of [saliencymix](https://www.npmjs.com/package/saliencymix) for ${system}. It is installed\ntogether with saliencymix, by no other way.\n`,
  );
  writeJson(join(folder, 'package.json'), {
    name: `@saliencymix/${name}`,
    description: `The native addon of saliencymix for ${system}`,
    ...shared(manifest),
    main: './saliencymix.node',
    files: ['saliencymix.node', 'THIRD-PARTY-NOTICES'],
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    preferUnplugged: true,
    // Checked before it is loaded (src/native/prebuilt.ts).
    sha256: createHash('sha256').update(addon).digest('hex'),
    publishConfig: { access: 'public' },
  });
  return pack(folder, to);
}

/** This package with the platforms' packages of its own version, and without what only a clone can run. */
function packMain(names, to) {
  const folder = join(release, 'stage', 'saliencymix');
  const [{ files }] = JSON.parse(npm(root, 'pack', '--dry-run', '--json', '--ignore-scripts'));
  for (const { path } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    copyFileSync(join(root, path), join(folder, path));
  }
  const manifest = readJson(join(root, 'package.json'));
  const optionalDependencies = Object.fromEntries(
    names.map((name) => [`@saliencymix/${name}`, manifest.version]),
  );
  // What only a clone can run is left out.
  writeJson(join(folder, 'package.json'), {
    ...manifest,
    scripts: undefined,
    allowScripts: undefined,
    optionalDependencies,
  });
  return pack(folder, to);
}

/** Packs for all platforms: names and archives, this package's last. @throws where one was not built */
export function packAll() {
  const { platforms } = require(join(root, 'dist', 'native', 'platforms.js'));
  const names = Object.keys(platforms);
  const missing = names.filter((name) => !existsSync(join(release, name, 'saliencymix.node')));
  if (missing.length > 0)
    throw new Error(`not built: ${missing.join(', ')} (npm run release:build -- ${missing.join(' ')})`);
  const to = join(release, 'packages');
  for (const folder of [to, join(release, 'stage')]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  return [
    ...names.map((name) => ({
      name: `@saliencymix/${name}`,
      archive: packPlatform(name, platforms[name], to),
    })),
    { name: 'saliencymix', archive: packMain(names, to) },
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  npm(root, 'run', 'build:ts');
  for (const { archive } of packAll()) console.log(archive);
}
