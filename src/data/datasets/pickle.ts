/**
 * Reads a pickle, Python's form of values in a file: numbers, strings, lists, tuples, dictionaries, and what is made by calling
 * something named in it, which is not called here. Of a long string (the pixels of ten thousand images) only its place is
 * told, which libraries for this cannot do. What the bytes mean: pickletools.py of Python, protocols 2 to 5.
 */
import type { promises as fs } from 'node:fs';

/** Where the bytes of a string lie, from the beginning of the pickle. */
export class LongString {
  constructor(
    readonly at: number,
    readonly size: number,
  ) {}
}

/** Something of a Python module, such as `numpy.ndarray`. */
export class Named {
  constructor(readonly name: string) {}
}

/** A call, and the state that its result got. */
export class Called {
  state: Pickled = null;
  constructor(
    readonly what: Pickled,
    readonly given: Pickled,
  ) {}
}

export type Pickled =
  | null
  | boolean
  | number
  | string
  | LongString
  | Named
  | Called
  | Pickled[]
  | Map<Pickled, Pickled>;

/** Bytes of a file in which a pickle lies. */
export interface PickleFile {
  readonly handle: fs.FileHandle;
  readonly offset: number;
  readonly size: number;
}

/** Strings of more bytes are told by their place. */
const LONGEST = 4096;
/** What is read at a time. */
const WINDOW = 1 << 16;

/** Throws an Error that says in a few words what is wrong, where the bytes are no pickle, or one of another kind. */
export async function readPickle(file: PickleFile): Promise<Pickled> {
  const bytes = new Bytes(file);
  const machine = new Machine();
  for (;;) {
    await bytes.refill();
    const code = bytes.byte();
    if (code === STOP) return machine.pop();
    const step = STEPS[code];
    if (step === undefined) throw new Error(`has the code ${code}, which is not read`);
    step(machine, bytes);
  }
}

/** The bytes from the beginning on; after `refill` as many are at hand as one step reads. */
class Bytes {
  private window = Buffer.alloc(0);
  private first = 0;
  private next = 0;

  constructor(private readonly file: PickleFile) {}

  async refill(): Promise<void> {
    const { handle, offset, size } = this.file;
    const left = this.first + this.window.length - this.next;
    if (left > LONGEST + 16 || this.first + this.window.length === size) return;
    const buffer = Buffer.alloc(Math.max(0, Math.min(WINDOW, size - this.next)));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset + this.next);
    this.window = buffer.subarray(0, bytesRead);
    this.first = this.next;
  }

  take(count: number): Buffer {
    const from = this.next - this.first;
    if (from + count > this.window.length) throw new Error('ends too early');
    this.next += count;
    return this.window.subarray(from, from + count);
  }

  byte = (): number => this.take(1)[0];
  whole = (count: number): number => this.take(count).readUIntLE(0, count);

  line(): string {
    const from = this.next - this.first;
    const end = this.window.indexOf('\n', from);
    if (end === -1 || end - from > LONGEST) throw new Error('has a name without an end');
    return this.take(end + 1 - from).toString('latin1', 0, end - from);
  }

  string(size: number, encoding: 'latin1' | 'utf8'): string | LongString {
    if (size <= LONGEST) return this.take(size).toString(encoding);
    const place = new LongString(this.next, size);
    this.next += size;
    if (this.next > this.file.size) throw new Error('ends too early');
    return place;
  }
}

/** The stack that a pickle's codes work on. */
class Machine {
  private readonly stack: Pickled[] = [];
  private readonly marks: number[] = [];
  private readonly kept = new Map<number, Pickled>();

  push(value: Pickled): void {
    this.stack.push(value);
  }

  pop(): Pickled {
    if (this.stack.length === 0) throw new Error('takes a value where there is none');
    return this.stack.pop() as Pickled;
  }

  top(): Pickled {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    this.marks.push(this.stack.length);
  }

  /** What lies above the last mark. */
  popMarked(): Pickled[] {
    const mark = this.marks.pop();
    if (mark === undefined || mark > this.stack.length) throw new Error('takes values where there are none');
    return this.stack.splice(mark);
  }

  popLast(count: number): Pickled[] {
    if (this.stack.length < count) throw new Error('takes values where there are none');
    return this.stack.splice(-count);
  }

  keep(number = this.kept.size): void {
    this.kept.set(number, this.top());
  }

  get(number: number): void {
    const value = this.kept.get(number);
    if (value === undefined) throw new Error('asks for a value that it does not have');
    this.push(value);
  }

  append(values: readonly Pickled[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw new Error('appends to what is no list');
    for (const value of values) list.push(value);
  }

  set(pairs: readonly Pickled[]): void {
    const map = this.top();
    if (!(map instanceof Map)) throw new Error('sets items of what is no dictionary');
    for (let i = 0; i + 1 < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1]);
  }

  build(): void {
    const state = this.pop();
    const made = this.top();
    if (made instanceof Called) made.state = state;
  }

  call(): void {
    const given = this.pop();
    this.push(new Called(this.pop(), given));
  }

  name(): void {
    const [module, name] = this.popLast(2);
    if (typeof module !== 'string' || typeof name !== 'string') throw new Error('has a name that is no text');
    this.push(new Named(`${module}.${name}`));
  }
}

type Step = (machine: Machine, bytes: Bytes) => void;

const STOP = '.'.charCodeAt(0);

const text =
  (sizeOfSize: 1 | 4, encoding: 'latin1' | 'utf8'): Step =>
  (machine, bytes) =>
    machine.push(bytes.string(bytes.whole(sizeOfSize), encoding));

/** By the byte that stands for each. */
const STEPS: Readonly<Record<number, Step>> = Object.fromEntries(
  Object.entries<Step>({
    '\x80': (_, bytes) => void bytes.take(1), // the protocol
    '\x95': (_, bytes) => void bytes.take(8), // a frame's size

    N: (machine) => machine.push(null),
    '\x88': (machine) => machine.push(true),
    '\x89': (machine) => machine.push(false),
    K: (machine, bytes) => machine.push(bytes.byte()),
    M: (machine, bytes) => machine.push(bytes.whole(2)),
    J: (machine, bytes) => machine.push(bytes.take(4).readInt32LE()),
    G: (machine, bytes) => machine.push(bytes.take(8).readDoubleBE()),

    U: text(1, 'latin1'),
    T: text(4, 'latin1'),
    C: text(1, 'latin1'),
    B: text(4, 'latin1'),
    X: text(4, 'utf8'),
    '\x8c': text(1, 'utf8'),

    '}': (machine) => machine.push(new Map()),
    ']': (machine) => machine.push([]),
    ')': (machine) => machine.push([]),
    '(': (machine) => machine.mark(),
    t: (machine) => machine.push(machine.popMarked()),
    '\x85': (machine) => machine.push(machine.popLast(1)),
    '\x86': (machine) => machine.push(machine.popLast(2)),
    '\x87': (machine) => machine.push(machine.popLast(3)),
    a: (machine) => machine.append([machine.pop()]),
    e: (machine) => machine.append(machine.popMarked()),
    s: (machine) => machine.set(machine.popLast(2)),
    u: (machine) => machine.set(machine.popMarked()),

    q: (machine, bytes) => machine.keep(bytes.byte()),
    r: (machine, bytes) => machine.keep(bytes.whole(4)),
    '\x94': (machine) => machine.keep(),
    h: (machine, bytes) => machine.get(bytes.byte()),
    j: (machine, bytes) => machine.get(bytes.whole(4)),

    c: (machine, bytes) => machine.push(new Named(`${bytes.line()}.${bytes.line()}`)),
    '\x93': (machine) => machine.name(),
    R: (machine) => machine.call(),
    b: (machine) => machine.build(),
  }).map(([code, step]) => [code.charCodeAt(0), step]),
);
