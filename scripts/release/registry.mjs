// A registry on this machine, out of which packages are installed as users install them: it has the packages that were just
// packed, and of all others passes on what npm's registry says, whose archives are then had from there.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import tar from 'tar-stream';

const UPSTREAM = process.env.npm_config_registry ?? 'https://registry.npmjs.org/';

async function manifestOf(bytes) {
  for await (const entry of Readable.from([bytes]).pipe(createGunzip()).pipe(tar.extract())) {
    if (entry.header.name === 'package/package.json') return JSON.parse(await text(entry));
    entry.resume();
  }
  throw new Error('an archive without package.json');
}

/** What a registry says of a package that has one version. */
function packumentOf(manifest, bytes, tarball) {
  const { name, version, scripts = {} } = manifest;
  const hasInstallScript = ['preinstall', 'install', 'postinstall'].some((one) => scripts[one]);
  const dist = {
    tarball,
    integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    shasum: createHash('sha1').update(bytes).digest('hex'),
  };
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, ...(hasInstallScript && { hasInstallScript }), dist } },
    // Some package managers take no version of the last days.
    time: { [version]: '2020-01-01T00:00:00.000Z' },
  };
}

async function passOn(request, response) {
  const { accept = '*/*' } = request.headers;
  const found = await fetch(new URL(request.url.slice(1), UPSTREAM), { headers: { accept } });
  const type = found.headers.get('content-type') ?? 'application/json';
  response.writeHead(found.status, { 'content-type': type });
  response.end(Buffer.from(await found.arrayBuffer()));
}

/** Starts one with these archives. `url` has no slash at its end. */
export async function startRegistry(archives) {
  const packuments = new Map();
  const files = new Map();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url.split('?')[0]).slice(1);
    const send = (type, body) => response.writeHead(200, { 'content-type': type }).end(body);
    if (files.has(path)) send('application/octet-stream', files.get(path));
    else if (packuments.has(path)) send('application/json', JSON.stringify(packuments.get(path)));
    // Ours are not looked for elsewhere: one that is published already is not the one that was packed.
    else if (/^(@saliencymix\/|saliencymix$)/.test(path)) response.writeHead(404).end('{}');
    else passOn(request, response).catch((error) => response.writeHead(502).end(String(error)));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${server.address().port}`;
  for (const archive of archives) {
    const bytes = readFileSync(archive);
    const manifest = await manifestOf(bytes);
    const path = `${manifest.name}/-/${basename(archive)}`;
    files.set(path, bytes);
    packuments.set(manifest.name, packumentOf(manifest, bytes, `${url}/${path}`));
  }
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, close };
}
