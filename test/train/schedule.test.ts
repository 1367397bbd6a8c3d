import { learningRateAt, type ScheduleSettings, schedules } from '../../src/train/schedule';

const base: ScheduleSettings = {
  learningRate: 0.1,
  schedule: 'steps',
  epochs: 200,
  milestones: [60, 120, 160],
  gamma: 0.2,
  warmup: 0,
};
const at = (settings: Partial<ScheduleSettings>, epoch: number, perEpoch = 10) =>
  learningRateAt({ ...base, ...settings }, Math.round(epoch * perEpoch), perEpoch);

test('steps: the rate falls after each milestone, with the first step of the next epoch', () => {
  expect([0, 59.9, 60, 119.9, 120, 159.9, 160, 199.9].map((epoch) => at({}, epoch))).toEqual(
    [0.1, 0.1, 0.02, 0.02, 0.004, 0.004, 0.0008, 0.0008].map((rate) => expect.closeTo(rate, 12)),
  );
});

test('cosine: full at first, half in the middle, next to nothing in the end', () => {
  const cosine = { schedule: 'cosine' as const };
  expect(at(cosine, 0)).toBe(0.1);
  expect(at(cosine, 100)).toBeCloseTo(0.05, 12);
  expect(at(cosine, 50)).toBeCloseTo(0.1 * (1 + Math.SQRT1_2) * 0.5, 12);
  expect(at(cosine, 199.9)).toBeGreaterThan(0);
  expect(at(cosine, 199.9)).toBeLessThan(1e-6);
});

test('warm-up: the rate rises in equal steps to what the schedule says, and is that from there on', () => {
  const warm = { schedule: 'constant' as const, warmup: 2 };
  const rates = Array.from({ length: 30 }, (_, step) => learningRateAt({ ...base, ...warm }, step, 10));
  expect(rates[0]).toBeCloseTo(0.005, 12);
  for (let step = 1; step < 20; step++) expect(rates[step] - rates[step - 1]).toBeCloseTo(0.005, 12);
  expect(rates.slice(19)).toEqual(Array(11).fill(0.1));
});

test.each(Object.keys(schedules) as (keyof typeof schedules)[])(
  '%s: never above the full rate, never below 0',
  (schedule) => {
    for (let step = 0; step < 2000; step += 7) {
      const rate = learningRateAt({ ...base, schedule, warmup: 1.5 }, step, 10);
      expect(rate).toBeGreaterThanOrEqual(0);
      expect(rate).toBeLessThanOrEqual(0.1);
    }
  },
);
