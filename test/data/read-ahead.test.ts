import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { readAhead } from '../../src/data/read-ahead';

/** Tasks that are finished by hand, in any order; `begun` are those that have started. */
function tasks() {
  const begun: number[] = [];
  const finish: ((value: string) => void)[] = [];
  const fail: ((error: Error) => void)[] = [];
  const start = (index: number) => {
    begun.push(index);
    return new Promise<string>((resolve, reject) => {
      finish[index] = resolve;
      fail[index] = reject;
    });
  };
  return { begun, finish, fail, start };
}

test.each([0, 1, 3])('results in order, with %i ahead never more under way', async (ahead) => {
  let running = 0;
  let most = 0;
  const start = async (index: number) => {
    most = Math.max(most, ++running);
    await wait((index * 5) % 4); // so that later ones are done sooner
    running--;
    return index * index;
  };
  const found: number[] = [];
  for await (const value of readAhead(9, ahead, start)) found.push(value);
  expect(found).toEqual([0, 1, 4, 9, 16, 25, 36, 49, 64]);
  expect(most).toBe(ahead + 1);
});

test('nothing begins before it is asked for, and the next ones only as the consumer goes on', async () => {
  const { begun, finish, start } = tasks();
  const sequence = readAhead(5, 2, start);
  expect(begun).toEqual([]);
  const first = sequence.next();
  expect(begun).toEqual([0]);
  await turn();
  expect(begun).toEqual([0, 1, 2]);
  finish[0]('a');
  expect(await first).toEqual({ value: 'a', done: false });
  await turn();
  expect(begun).toEqual([0, 1, 2]);
  finish[1]('b');
  expect(await sequence.next()).toEqual({ value: 'b', done: false });
  expect(begun).toEqual([0, 1, 2]); // the consumer comes first
  await turn();
  expect(begun).toEqual([0, 1, 2, 3]);
  for (const index of [2, 3]) finish[index]('c');
  await sequence.return();
});

// The second fails before the first is done: Jest fails a test in which a rejection goes unhandled.
test('a failure is thrown when its turn comes, after the rest was stopped and waited for', async () => {
  const { begun, finish, fail, start } = tasks();
  const order: string[] = [];
  const sequence = readAhead(9, 2, start, () => {
    order.push('stop');
    finish[2]('cut short');
  });
  const first = sequence.next();
  await turn();
  fail[1](new Error('the second'));
  await wait(1);
  finish[0]('a');
  expect((await first).value).toBe('a');
  await expect(sequence.next()).rejects.toThrow('the second');
  expect(order).toEqual(['stop']);
  await turn();
  expect(begun).toEqual([0, 1, 2]); // the fourth had its turn to come, and no longer has
});

test('leaving early stops and waits; a sequence that ends by itself has nothing to stop', async () => {
  const { begun, finish, start } = tasks();
  let stopped = 0;
  const sequence = readAhead(9, 1, start, () => stopped++);
  const first = sequence.next();
  await turn();
  finish[0]('a');
  await first;
  let left = false;
  const leaving = sequence.return().then(() => {
    left = true;
  });
  await wait(1);
  expect([stopped, left, begun]).toEqual([1, false, [0, 1]]);
  finish[1]('late');
  await leaving;

  let calls = 0;
  const whole = readAhead(
    2,
    4,
    async (index) => index,
    () => calls++,
  );
  const values: number[] = [];
  for await (const value of whole) values.push(value);
  expect([values, calls]).toEqual([[0, 1], 0]);
});
