// Another commit of this repository, built in a working tree of its own so that both can run side by side.
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { UsageError } from './options.mjs';

function resolveCommit(root, wanted) {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--verify', '--short=10', `${wanted}^{commit}`], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new UsageError(`--against: "${wanted}" is no commit of this repository`);
  return stdout.trim();
}

function step(what, command, words, cwd) {
  console.log(`  ${what}`);
  const { status, stdout, stderr, error } = spawnSync(command, words, { cwd, encoding: 'utf8' });
  if (status === 0) return;
  const said = error?.message ?? `${stdout}${stderr}`.split('\n').slice(-30).join('\n');
  throw new Error(`${what}: failed\n${said}`);
}

/**
 * Builds `wanted` below `folder`. Gives { root, commit, remove() }; on failure nothing is left behind.
 * @throws UsageError where there is no such commit
 */
export function checkOut(root, wanted, folder) {
  const commit = resolveCommit(root, wanted);
  const tree = join(folder, `against-${commit}`);
  const remove = () => {
    spawnSync('git', ['worktree', 'remove', '--force', tree], { cwd: root, stdio: 'ignore' });
    spawnSync('git', ['worktree', 'prune'], { cwd: root, stdio: 'ignore' });
  };
  process.once('exit', remove); // also after Ctrl-C
  console.log(`${commit}: builds it for comparison`);
  execFileSync('git', ['worktree', 'add', '--detach', '--quiet', tree, commit], {
    cwd: root,
    stdio: 'inherit',
  });
  try {
    step('npm ci (dependencies and addon)', 'npm', ['ci', '--no-audit', '--no-fund'], tree);
    step('npm run build', 'npm', ['run', 'build'], tree);
  } catch (error) {
    remove();
    throw error;
  }
  return { root: tree, commit, remove };
}
