import {
  bytesOfId,
  className,
  idOfBytes,
  idOfLatin1,
  isEscaped,
  spellingNotice,
} from '../../src/data/datasets/names';

const latin1 = (text: string) => Buffer.from(text, 'latin1');

test('ids show what is no UTF-8 escaped, and everything else as it is', () => {
  const cases: [Buffer, string][] = [
    [latin1('caf/é.png'), 'caf/\\xE9.png'],
    [Buffer.from('caf/é €\u{1f600}.png'), 'caf/é €\u{1f600}.png'],
    [latin1('\x83e\x83X\x83g'), '\\x83e\\x83X\\x83g'],
    [Buffer.concat([Buffer.from('é'), latin1('é')]), 'é\\xE9'],
    [Buffer.from([0xe2, 0x82]), '\\xE2\\x82'], // a character cut short
    [Buffer.from([0xc0, 0xaf]), '\\xC0\\xAF'], // a '/' in too many bytes
    [Buffer.from([0xed, 0xa0, 0x80]), '\\xED\\xA0\\x80'], // half of a pair of UTF-16
    [Buffer.from([0xf5, 0x80, 0x80, 0x80]), '\\xF5\\x80\\x80\\x80'],
    [Buffer.from('\ufffd'), '\ufffd'],
    [Buffer.from('a\\b\\x\\xg0'), 'a\\b\\x\\xg0'],
    [Buffer.from('a\\xE9'), 'a\\x5CxE9'],
    [Buffer.from('a\\xe9'), 'a\\xe9'],
    [Buffer.alloc(0), ''],
  ];
  for (const [bytes, id] of cases) {
    expect(idOfBytes(bytes)).toBe(id);
    expect(idOfLatin1(bytes.toString('latin1'))).toBe(id);
    expect(bytesOfId(id)).toEqual(bytes);
  }
  expect(['a\\b', 'a\\xE9', 'a\\xe9'].map(isEscaped)).toEqual([false, true, false]);
});

test('every name has an id of its own, and gets its bytes back: 20000 drawn from bytes that are easily confused', () => {
  let state = 7;
  const draw = (count: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
  const bytes = [...latin1('\\\\xE9xC3\xe9\xc3\xa9\xe2\x82\xac5C')];
  const ids = new Map<string, string>();
  for (let i = 0; i < 20_000; i++) {
    const name = Buffer.from(Array.from({ length: draw(9) }, () => bytes[draw(bytes.length)]));
    const id = idOfBytes(name);
    expect(bytesOfId(id).toString('hex')).toBe(name.toString('hex'));
    expect(ids.get(id) ?? name.toString('hex')).toBe(name.toString('hex'));
    ids.set(id, name.toString('hex'));
  }
  expect(ids.size).toBeGreaterThan(10_000);
});

test('classes are compared composed, and spellings told once', () => {
  expect(className('cafe\u0301')).toBe('caf\u00e9');
  expect(spellingNotice(['cat', 'caf\u00e9', 'caf\u00e9'])).toBeUndefined();
  expect(spellingNotice(['cat', 'caf\u00e9', 'cafe\u0301', 'cafe\u0301'])).toMatch(
    /^"caf\u00e9": written in composed and in decomposed/,
  );
  const many = ['\u00e9', '\u00e8', '\u00ea', '\u00e0'].flatMap((letter) => [
    letter,
    letter.normalize('NFD'),
  ]);
  expect(spellingNotice(many)).toMatch(/^"é", "è", "ê", … \(4 classes\): /);
});
