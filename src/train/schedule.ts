/**
 * Learning rate schedules. A new one needs an entry in `schedules`; checks, command line and tables are made
 * from it.
 */

export interface Schedule {
  /** One line for help texts and tables. */
  readonly summary: string;
  /** Share of the full rate, at a time `epoch` (from 0, with fractions) of a run of `epochs`. */
  share(epoch: number, epochs: number, settings: { milestones: readonly number[]; gamma: number }): number;
}

export const schedules = {
  steps: {
    summary: 'times gamma after each of the milestones',
    share: (epoch, _, { milestones, gamma }) => gamma ** milestones.filter((at) => epoch >= at).length,
  },
  cosine: {
    summary: 'half a cosine, from the full rate to 0 (Loshchilov & Hutter, SGDR, ICLR 2017)',
    share: (epoch, epochs) => (1 + Math.cos((Math.PI * epoch) / epochs)) / 2,
  },
  constant: { summary: 'the full rate throughout', share: () => 1 },
} as const satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof schedules;
export const scheduleNames = Object.keys(schedules) as ScheduleName[];

export interface ScheduleSettings {
  learningRate: number;
  schedule: ScheduleName;
  epochs: number;
  /** Epochs after which the rate falls (steps). */
  milestones: readonly number[];
  gamma: number;
  /** Number of epochs over which the rate rises linearly to that of the schedule. */
  warmup: number;
}

/** The learning rate of a step; steps are counted from 0 over the whole run. */
export function learningRateAt(settings: ScheduleSettings, step: number, stepsPerEpoch: number): number {
  const { learningRate, schedule, epochs, warmup } = settings;
  const share = schedules[schedule].share(step / stepsPerEpoch, epochs, settings);
  const rising = warmup > 0 ? Math.min(1, (step + 1) / (warmup * stepsPerEpoch)) : 1;
  return learningRate * share * rising;
}
