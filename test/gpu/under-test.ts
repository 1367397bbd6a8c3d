/** The backend that the tests of this folder hold against the CPU. */
import { type Backend, backends } from '../../src';

const NAME = process.env.SALIENCYMIX_GPU_TEST_BACKEND ?? 'cuda';

function find(): Backend {
  const found = backends().find(({ name }) => name === NAME);
  if (found?.available) return found;
  throw new Error(
    `Backend "${NAME}" cannot be tested here: ${found?.reason ?? 'this build does not have it'}`,
  );
}

const { name, level } = find();
export const backend = name;
export { level };
/** Whether it is the card: some things are only true there. */
export const onCard = name === 'cuda';
export const cpu = 'cpu';

/** As bytes: comparing many numbers one by one takes Jest seconds. */
export const same = (a: NodeJS.TypedArray, b: NodeJS.TypedArray) =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));
