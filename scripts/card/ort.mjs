// A release of ONNX Runtime with its CUDA provider, out of npm's packages. The provider comes from a copy of Microsoft's files
// that npm has: for trials like these, no dependency. Core and provider must be of one release.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fresh, KEPT, run } from './parts.mjs';

export const ORT = '1.29.0';
const CUDA_PACKAGE = 'com.github.asus4.onnxruntime.linux-x64-gpu@0.4.9';
const CUDA_DIGEST = '56cf3254';

/** The folder of a package, by its name and version; npm checks its digest. */
export function packageOf(spec) {
  const folder = join(KEPT, spec.replaceAll('/', '-'));
  if (!existsSync(folder)) {
    mkdirSync(KEPT, { recursive: true });
    const [made] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', KEPT, spec]));
    const part = `${folder}.part`;
    fresh(part);
    run('tar', ['-xzf', join(KEPT, made.filename), '-C', part, '--strip-components=1']);
    rmSync(join(KEPT, made.filename));
    renameSync(part, folder);
  }
  return folder;
}

/** A file below a folder, by its name. */
function fileIn(folder, name) {
  const found = readdirSync(folder, { recursive: true }).find((path) => path.endsWith(name));
  if (found === undefined) throw new Error(`${folder} has no ${name}`);
  return join(folder, found);
}

/** Paths of the provider's two libraries: shared, and CUDA's. */
export function cudaProvider() {
  const folder = packageOf(CUDA_PACKAGE);
  const [shared, cuda] = ['shared', 'cuda'].map((name) =>
    fileIn(folder, `libonnxruntime_providers_${name}.so`),
  );
  const digest = createHash('sha256').update(readFileSync(cuda)).digest('hex');
  if (!digest.startsWith(CUDA_DIGEST))
    throw new Error(`${CUDA_PACKAGE} has another CUDA provider: ${digest}`);
  return [shared, cuda];
}
