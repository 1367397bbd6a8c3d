/** The backend that the tests of this folder hold against the CPU. */
import { type Backend, backends } from '../../src';
import { nativeMethods } from '../../src/saliency/methods';

const NAME = process.env.SALIENCYMIX_GPU_TEST_BACKEND ?? 'cuda';

function find(): Backend {
  const found = backends().find(({ name }) => name === NAME);
  if (found?.available) return found;
  throw new Error(
    `Backend "${NAME}" cannot be tested here: ${found?.reason ?? 'this build does not have it'}`,
  );
}

const { name, level, auto, lacks } = find();
export const backend = name;
export { auto, level };
/** The native methods that it has, and those that it lacks. */
export const methods = nativeMethods.filter((method) => !lacks.includes(method));
export const lackedMethods = nativeMethods.filter((method) => lacks.includes(method));
/** Whether it is the card: some things are only true there. */
export const onCard = name === 'cuda';
export const cpu = 'cpu';

/** As bytes: comparing many numbers one by one takes Jest seconds. */
export const same = (a: NodeJS.TypedArray, b: NodeJS.TypedArray) =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));
