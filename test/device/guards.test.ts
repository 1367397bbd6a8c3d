/** The guards of the binding, past the checks of TypeScript: no call may leave the memory of a handle. */
import type { ResidentHandle } from '../../src/native/binding';
import { backends } from '../../src';
import { addon } from '../../src/native/load';
import { resolveOutput } from '../../src/mix/output';
import { kindsOf, newRecords, writeDraw } from '../../src/mix/records';

const shape = { count: 2, height: 3, width: 4, channels: 3 };
const bytes = 2 * 3 * 4 * 3;
const run = { backend: 'cpu', threads: 1 };

async function uploaded(length = bytes): Promise<ResidentHandle> {
  const resident = addon().newResident({ backend: 'cpu', bytes: length });
  await addon().upload({ resident, threads: 1, data: new Uint8Array(length).fill(7) });
  return resident;
}

const find = (resident: ResidentHandle) => () =>
  addon().saliency({
    ...shape,
    ...run,
    resident,
    method: 'fine-grained',
    peaks: new Int32Array(4),
    lows: new Int32Array(4),
  });

function mix(resident: ResidentHandle, output: ResidentHandle, dtype: 'uint8' | 'float32' = 'uint8') {
  const records = newRecords(2);
  const format = resolveOutput({ dtype }, 3).native;
  return () =>
    addon().mix({ ...shape, ...run, resident, ...records, output: { ...format, resident: output } });
}

test('a saliency method that the backend lacks', () => {
  const lacking = backends().filter(({ lacks }) => lacks.includes('fine-grained'));
  const points = { peaks: new Int32Array(4), lows: new Int32Array(4) };
  const data = new Uint8Array(bytes);
  for (const { name } of lacking) {
    const call = { ...shape, data, backend: name, threads: 1, method: 'fine-grained' };
    const message = 'addon: method must be the name of one that the backend has';
    expect(() => addon().saliency({ ...call, ...points })).toThrow(message);
    const place = { clip: 0, method: 'fine-grained' };
    expect(() => addon().mix({ ...call, ...newRecords(2), place })).toThrow(message);
  }
});

test('a method is needed where a sample asks for a peak, and only there', async () => {
  const samples = () => {
    const records = newRecords(2);
    const { kind, from, to } = kindsOf({ kind: 'paste', from: { kind: 'peak' } });
    for (const i of [0, 1]) writeDraw(records, i, { kind, from, to }, 0.5, 0);
    return records;
  };
  const call = { ...shape, ...run, data: new Uint8Array(bytes), place: { clip: 0 } };
  const message = /addon: method must be/;
  expect(() => addon().mix({ ...call, ...samples() })).toThrow(message);
  expect(() => addon().mix({ ...call, ...samples(), place: { clip: 0, maps: undefined } })).toThrow(message);
  await addon().mix({ ...call, ...newRecords(2) });
  await addon().mix({ ...call, ...samples(), place: { clip: 0, maps: new Float32Array(24) } });
});

const download =
  (resident: ResidentHandle, length = bytes) =>
  () =>
    addon().download({ resident, threads: 1, data: new Uint8Array(length) });

test('memory of another size than the shape says', async () => {
  const longer = await uploaded(bytes + 1);
  const right = await uploaded();
  const message = `addon: resident must be ${bytes} bytes`;
  expect(find(longer)).toThrow(message);
  expect(mix(longer, right)).toThrow(message);
  expect(mix(right, longer)).toThrow(message);
  expect(mix(right, await uploaded(), 'float32')).toThrow(`addon: resident must be ${4 * bytes} bytes`);
  expect(download(right, bytes - 1)).toThrow(`addon: data must be ${bytes} elements of 1 bytes`);
});

test('memory that was never written to, or was freed', async () => {
  const fresh = addon().newResident({ backend: 'cpu', bytes });
  const freed = await uploaded();
  addon().freeResident(freed);
  addon().freeResident(freed);
  for (const resident of [fresh, freed]) {
    const message = 'addon: resident must be memory that was written to and not freed';
    expect(find(resident)).toThrow(message);
    expect(mix(resident, fresh)).toThrow(message);
    expect(download(resident)).toThrow(message);
  }
});

test('a batch mixed into itself', async () => {
  const resident = await uploaded();
  expect(mix(resident, resident)).toThrow('addon: output.resident must be memory apart from the batch');
  // Fresh memory becomes the handle's when it has been written.
  const output = addon().newResident({ backend: 'cpu', bytes });
  await mix(resident, output)();
  const data = new Uint8Array(bytes);
  await addon().download({ resident: output, threads: 1, data });
  expect(data).toEqual(new Uint8Array(bytes).fill(7));
});

test('what is no handle', () => {
  for (const value of [undefined, null, {}, 1, new Uint8Array(bytes)]) {
    const wrong = value as ResidentHandle;
    const message = 'addon: resident must be a handle of newResident()';
    expect(download(wrong)).toThrow(message);
    expect(() => addon().freeResident(wrong)).toThrow(message);
  }
  for (const none of [0, -1, NaN, 2 ** 53, '1' as unknown as number])
    expect(() => addon().newResident({ backend: 'cpu', bytes: none })).toThrow('addon: bytes must be');
  expect(() => addon().newResident({ backend: 'gpu', bytes: 1 })).toThrow('addon: backend must be');
});
