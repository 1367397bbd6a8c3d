/** A Python that has some modules, for tests that ask another program; undefined where there is none. */
import { spawnSync } from 'node:child_process';

export function pythonWith(...modules: string[]): string | undefined {
  const imports = modules.map((name) => `import ${name}`).join('\n');
  return ['python3', '/usr/bin/python3'].find((python) => spawnSync(python, ['-c', imports]).status === 0);
}
