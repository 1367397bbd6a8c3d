import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { Bar, barText } from '../../src/cli/bar';

test('a bar says how far it is, what of and how long it still takes', () => {
  expect(barText({ done: 0, total: 8, after: 'x' }, 4, Number.NaN)).toBe('░░░░ 0 % | x | – left');
  expect(barText({ done: 2, total: 8, before: 'epoch 1/2 ', after: 'x' }, 4, 65)).toBe(
    'epoch 1/2 █░░░ 25 % | x | 1 min 5 s left',
  );
  expect(barText({ done: 7, total: 8, after: 'x' }, 8, 1)).toBe('███████░ 87 % | x | 1.0 s left');
  expect(barText({ done: 8, total: 8, after: 'x' }, 4, 0)).toBe('████ 100 % | x | 0.0 s left');
  expect(barText({ done: 0, total: 0, after: 'x' }, 4, 0)).toBe('████ 100 % | x | 0.0 s left');
});

/** What a terminal of so many columns is sent. */
function drawn(columns: number, use: (bar: Bar) => void): string {
  const stream = Object.assign(new PassThrough(), { columns });
  use(new Bar(stream as unknown as WriteStream, 4));
  return String(stream.read() ?? '');
}

test('drawn over itself at most ten times a second, at last in its last state, never wider than the terminal', () => {
  const text = drawn(20, (bar) => {
    for (let done = 0; done <= 1000; done++) bar.draw({ done, total: 1000, after: `${done} images` });
    bar.end();
    bar.end();
  });
  const states = text.trimEnd().split('\x1b[1G\x1b[0K').slice(1);
  expect(text.endsWith('\n')).toBe(true);
  expect(states[0]).toBe('░░░░ 0 % | 0 images');
  expect(states.at(-1)).toBe('████ 100 % | 1000 i');
  expect(states.length).toBeLessThan(20);
});

test('a bar that was never drawn leaves nothing', () => {
  expect(drawn(80, (bar) => bar.end())).toBe('');
});
