// The command of this package, in a process of its own each time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export function describe() {
  const variants = ['none', 'saliencymix'].map((method) => ({
    method,
    name: `saliencymix, method ${method}`,
  }));
  return { name: 'saliencymix', own: true, variants };
}

/** labels.jsonl lies beside the images, or one in each part. */
function countLines(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('labels.jsonl'))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n').length)
    .reduce((sum, lines) => sum + lines, 0);
}

export async function prepare({ path, format, size, seed, out }, { method }, { root }) {
  const words = ['augment', path, '--out', out, '--force', '--format', format, '--method', method];
  const command = [join(root, 'bin', 'saliencymix.js'), ...words, '--size', `${size}`, '--seed', `${seed}`];

  async function run() {
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
    });
    const [status] = await once(child, 'exit');
    if (status !== 0) throw new Error(`saliencymix augment: exit status ${status}\n${said}`);
    return status;
  }

  return {
    run,
    async result() {
      if (existsSync(out)) rmSync(out, { recursive: true });
      const status = await run();
      return { facts: { status, lines: countLines(out) } };
    },
  };
}
