/** The graphics cards that `'auto'` may choose: those of a compute capability on which the backend has been tested. */

/**
 * By backend and level: the file of benchmark results that shows it. The benchmark compares every result with
 * the CPU's.
 */
export const tested: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cuda: {
    sm_90: 'benchmarks/results/gpu-bench-nvidia-h200-a05bc2a4d6.json',
  },
};

export const UNTESTED = 'it has not been tested on this compute capability';

/** Whether a backend has been tested at its level. Backends that are not in the list, the CPU, always are. */
export function isTested({ name, level }: { name: string; level: string }): boolean {
  return tested[name] === undefined || tested[name][level] !== undefined;
}
