import { setTimeout as wait } from 'node:timers/promises';
import { abortable, createGate, createSizeGate } from '../../src/data/concurrency';

test('a gate lets so many run at once, first come, first served, failures too', async () => {
  const gate = createGate(3);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const task = (i: number) => async () => {
    begun.push(i);
    most = Math.max(most, ++running);
    await wait(i % 3);
    running--;
    if (i % 4 === 0) throw new Error(`task ${i}`);
    return i;
  };
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => gate(task(i))));
  expect(begun).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(most).toBe(3);
  expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(begun.map((i) => i % 4 === 0));
  await expect(gate(async () => 'free again')).resolves.toBe('free again');
});

test('a gate by size: as much as all may have together, first come, first served, and what is larger alone', async () => {
  const gate = createSizeGate();
  const sizes = [3, 4, 4, 12, 1, 9, 2, 10, 5, 5, 5];
  const together: number[][] = [];
  const running = new Set<number>();
  const begun: number[] = [];
  const task = (i: number) => async () => {
    begun.push(i);
    running.add(i);
    together.push(Array.from(running, (one) => sizes[one]));
    await wait(i % 3);
    running.delete(i);
    if (i === 5) throw new Error('task 5');
    return i;
  };
  const outcomes = await Promise.allSettled(sizes.map((size, i) => gate(size, 10, task(i))));
  expect(begun).toEqual(sizes.map((_, i) => i));
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  const sums = together.map((own) => own.reduce((a, b) => a + b, 0));
  for (const [i, sum] of sums.entries()) expect(sum <= 10 || together[i].length === 1).toBe(true);
  expect(Math.max(...together.map((own) => own.length))).toBeGreaterThan(1);
  await expect(gate(100, 10, async () => 'free again')).resolves.toBe('free again');
});

test('abortable: the value, the failure, or the reason of the signal, whichever is first', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  await expect(abortable(Promise.resolve(1), controller.signal)).resolves.toBe(1);
  await expect(abortable(Promise.reject(new Error('no')), controller.signal)).rejects.toThrow('no');
  await expect(abortable(Promise.resolve(2), undefined)).resolves.toBe(2);
  const hanging = abortable(new Promise(() => {}), controller.signal);
  controller.abort(reason);
  await expect(hanging).rejects.toBe(reason);
  await expect(abortable(new Promise(() => {}), controller.signal)).rejects.toBe(reason);
});
