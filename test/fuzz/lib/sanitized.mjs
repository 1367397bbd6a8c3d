/** The addon with sanitizers. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../../scripts/sanitize.sh', import.meta.url));

/** Builds it. Gives its file, and the environment of a process that loads it; where that is not possible, why. */
export function buildSanitized() {
  const { status, stdout, stderr } = spawnSync('bash', [SCRIPT, 'build'], { encoding: 'utf8' });
  const [addon, runtime] = status === 0 ? stdout.trim().split('\n').slice(-2) : [];
  if (!addon || !runtime || !existsSync(runtime))
    return { env: {}, why: (stderr ?? '').trim().split('\n').at(-1) || 'no bash, or no AddressSanitizer' };
  return {
    addon: resolve(addon),
    env: {
      LD_PRELOAD: runtime,
      ASAN_OPTIONS:
        'detect_leaks=0:abort_on_error=1:quarantine_size_mb=32:allocator_may_return_null=1:allocator_release_to_os_interval_ms=500',
      UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    },
  };
}
