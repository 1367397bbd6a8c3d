/** Messages repeat names and words out of files, which may be damaged. */
import { SaliencyMixError } from '../src';

test('control characters are shown as escapes, line breaks and tabs stay', () => {
  const { message } = new SaliencyMixError('DATA', 'a\u001b[2Jb\u0000c\rd\u009be\nf\tg é');
  expect(message).toBe('a\\x1B[2Jb\\x00c\\x0Dd\\x9Be\nf\tg é');
});

test('a message that is too long has both of its ends', () => {
  const { message } = new SaliencyMixError('DATA', `begin ${'x'.repeat(1_000_000)} end: do this`);
  expect(message.length).toBeLessThanOrEqual(3000);
  expect(message).toMatch(/^begin x+ \[…\] x+ end: do this$/);
});
