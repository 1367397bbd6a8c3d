import { setTimeout as wait } from 'node:timers/promises';
import { abortable, createGate } from '../../src/data/concurrency';

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
