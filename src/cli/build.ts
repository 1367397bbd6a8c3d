import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ROOT } from '../version';

export function addBuild(program: Command): void {
  program
    .command('build')
    .description(
      'compile the native addon on this machine, where there is no package with it for the platform',
    )
    .addHelpText(
      'after',
      '\nIt says what it needs first. SALIENCYMIX_CUDA=OFF leaves the code for graphics cards out, =ON insists on it.',
    )
    .action(() => {
      const script = resolve(ROOT, 'scripts', 'build-addon.mjs');
      const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
      process.exitCode = status ?? 1;
    });
}
