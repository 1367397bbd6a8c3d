// Runs both parts here, as on a machine with a card, but on the host device and on SwiftShader: in a copy of the checkout, with
// neither this Node nor these packages in reach.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CARD, KEPT, ROOT, run } from './parts.mjs';

const SOFTWARE = join(KEPT, '..', 'swiftshader');

function copyOf(folder) {
  const copy = join(folder, 'copy');
  run('git', ['clone', '--quiet', ROOT, copy]);
  cpSync(CARD, join(copy, '.card'), { recursive: true });
  // The addon is not built there: the trial's host device needs none of nvcc's code.
  cpSync(join(ROOT, 'build', 'Release'), join(copy, 'build', 'Release'), { recursive: true });
  return copy;
}

export async function tryHere() {
  if (!existsSync(SOFTWARE)) throw new Error('SwiftShader is not here yet: npm run test:webgpu');
  const folder = mkdtempSync(join(tmpdir(), 'saliencymix-card-'));
  const copy = copyOf(folder);
  const icd = join(SOFTWARE, 'vk_swiftshader_icd.json');
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: folder,
    SALIENCYMIX_CARD_HOST: '1',
    SALIENCYMIX_CARD_UNPACKED: join(folder, 'unpacked'),
    VK_ICD_FILENAMES: icd,
    VK_DRIVER_FILES: icd,
    LD_LIBRARY_PATH: SOFTWARE,
  };
  const results = join(folder, 'results');
  const statuses = ['one', 'two'].map((part) => {
    const words = [join(copy, '.card', part, 'start.sh'), results];
    return spawnSync('bash', words, { cwd: copy, env, stdio: 'inherit' }).status;
  });
  const names = readdirSync(results);
  const reports = names.filter((name) => /^card-.*json$/.test(name));
  for (const name of reports) console.log(`${name}: ${readFileSync(join(results, name), 'utf8')}`);
  if (statuses.some((status) => status !== 0)) throw new Error(`a part failed; what it left is in ${folder}`);
  rmSync(folder, { recursive: true, force: true });
}
