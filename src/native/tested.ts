/** The graphics cards that `'auto'` may choose: those of a compute capability on which the backend has been tested. */

/** By backend and level: the measurements that show it; every result in them was compared with the CPU's first. */
export const tested: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cuda: {
    sm_90: 'benchmarks/results/gpu-bench-nvidia-h200-a05bc2a4d6.json',
  },
};

export const UNTESTED = 'it has not been tested on this compute capability';

/** Whether a backend has been tested at its level. One that is not in the list is tested wherever it is built. */
export function isTested({ name, level }: { name: string; level: string }): boolean {
  return tested[name] === undefined || tested[name][level] !== undefined;
}
