import { crc32c } from '../../src/report/crc32c';
import { eventFileHeader, eventFileName, scalarEvent, textEvent } from '../../src/report/events';
import { readEvents } from './read-events';

test('CRC-32C of RFC 3720, B.4', () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(ascending)).toBe(0x46dd794e);
  expect(crc32c(ascending.toReversed())).toBe(0x113fdb5c);
  const command = Buffer.from(
    '01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000',
    'hex',
  );
  expect(crc32c(command)).toBe(0xd9963a56);
  expect(crc32c(new Uint8Array(0))).toBe(0);
});

test('a file begins with the version and with the step from which on earlier files do not count', () => {
  expect(readEvents(eventFileHeader(1_700_000_000.25, 501))).toEqual([
    { wallTime: 1_700_000_000.25, version: 'brain.Event:2' },
    { wallTime: 1_700_000_000.25, step: 501, session: { status: 1 } },
  ]);
});

test('scalars of one step share an event', () => {
  const scalars = { 'train/loss': 2.5, 'train/learning rate': 0.1, 'test/x': Number.NaN };
  const [{ summary, ...rest }] = readEvents(scalarEvent({ wallTime: 5, step: 2 ** 40, scalars }));
  expect(rest).toEqual({ wallTime: 5, step: 2 ** 40 });
  expect(summary).toEqual({
    value: [
      { tag: 'train/loss', simple: 2.5 },
      { tag: 'train/learning rate', simple: Math.fround(0.1) },
      { tag: 'test/x', simple: Number.NaN },
    ],
  });
});

test('text is a tensor without dimensions, of the text plugin', () => {
  const [{ summary }] = readEvents(textEvent({ wallTime: 5, step: 0, tag: 'settings', markdown: '**λ**' }));
  expect(summary).toEqual({
    value: [
      {
        tag: 'settings',
        meta: { plugin: { name: 'text' }, dataClass: 2 },
        tensor: { dtype: 7, shape: {}, strings: [[...Buffer.from('**λ**')]] },
      },
    ],
  });
});

test('records follow one another', () => {
  const one = scalarEvent({ wallTime: 1, step: 1, scalars: { a: 1 } });
  const two = scalarEvent({ wallTime: 2, step: 2, scalars: {} });
  const steps = readEvents(Buffer.concat([eventFileHeader(0, 0), one, two])).map(({ step }) => step);
  expect(steps).toEqual([undefined, undefined, 1, 2]);
});

test('names of files sort by time and hold no folder', () => {
  const [early, late] = [eventFileName(999_999_999.9, 'a', 9), eventFileName(1_000_000_000, 'a', 1)];
  expect(early).toBe('events.out.tfevents.0999999999.a.9');
  expect([late, early].toSorted()).toEqual([early, late]);
  expect(eventFileName(1e9, '../a b', 1)).toBe('events.out.tfevents.1000000000..._a_b.1');
});
