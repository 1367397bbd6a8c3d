/** The process of probe.ts. Its arguments: how a worker would be started, as JSON, and a model, in base64. */
import { readdirSync, readFileSync } from 'node:fs';
import { reasonOf } from '../errors';
import { engineFor } from './engine-for';
import type { WorkerStart } from './ort-worker';
import type { Finding } from './probe';

const filesOf = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** Whether Linux has a graphics card: its device file, also in a container or below Windows. */
const hasCard = () =>
  filesOf('/dev/dri').some((name) => name.startsWith('renderD')) ||
  filesOf('/dev').some((name) => /^nvidia\d|^dxg$|^kgsl|^mali\d/.test(name));

/** Mesa's lavapipe, and SwiftShader. */
const SOFTWARE = /libvulkan_lvp|libvk_swiftshader/;
const DRIVER = /libvulkan_\w|libvk_|libGLX_nvidia|libnvidia-vulkan|amdvlk/;

/** Whether Vulkan's drivers that are loaded, now that there is a session, compute on the processor. */
function isSoftware(): boolean {
  if (process.platform !== 'linux') return false;
  const drivers = readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => DRIVER.test(line));
  return !hasCard() || (drivers.length > 0 && drivers.every((line) => SOFTWARE.test(line)));
}

async function find(start: WorkerStart, model: Uint8Array): Promise<Finding> {
  const engine = engineFor(start);
  try {
    await engine.add('probe', model, { threads: 1, outputs: [] });
    return start.provider === 'webgpu' ? { isSoftware: isSoftware() } : {};
  } catch (error) {
    return { reason: reasonOf(error) };
  } finally {
    await engine.close();
  }
}

const [start, model] = process.argv.slice(2);
void find(JSON.parse(start) as WorkerStart, Buffer.from(model, 'base64')).then((found) =>
  console.log(JSON.stringify(found)),
);
