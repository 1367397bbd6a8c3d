/** A process of its own, in which webgpu.ts opens a session on WebGPU: argument is a model, in base64. */
import { readdirSync, readFileSync } from 'node:fs';
import { reasonOf } from '../errors';
import { StandardEngine } from './standard-engine';
import type { WebGpuFinding } from './webgpu';

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

async function find(): Promise<WebGpuFinding> {
  const engine = new StandardEngine('webgpu');
  try {
    await engine.add('probe', Buffer.from(process.argv[2], 'base64'), { threads: 1, outputs: [] });
    return { isSoftware: isSoftware() };
  } catch (error) {
    return { reason: reasonOf(error) };
  } finally {
    await engine.close();
  }
}

void find().then((found) => console.log(JSON.stringify(found)));
