/**
 * The graphics cards that `'auto'` may choose: those of a compute capability on which the backend has been tested as it is. A run
 * counts no longer once kernels are written anew.
 */

/**
 * By backend and level: the file of benchmark results that shows it. The benchmark compares every result with
 * the CPU's.
 */
export const tested: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cuda: { sm_90: 'benchmarks/results/gpu-bench-nvidia-h200-33187cd074.json' },
};

export const UNTESTED = 'it has not been tested, as it is now, on this compute capability';

/** Whether a backend has been tested at its level. Backends that are not in the list, the CPU, always are. */
export function isTested({ name, level }: { name: string; level: string }): boolean {
  return tested[name] === undefined || tested[name][level] !== undefined;
}
