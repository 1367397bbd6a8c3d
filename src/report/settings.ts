/** Nested settings as lines of a name and a value. */

function word(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** Every value that is there under its dotted name (`optimizer.momentum`), in the order given; lists stay one value. */
export function flattened(data: Record<string, unknown>, above = ''): [name: string, value: string][] {
  return Object.entries(data).flatMap(([key, value]): [string, string][] => {
    if (value === undefined) return [];
    const nested = value !== null && typeof value === 'object' && !Array.isArray(value);
    if (!nested || Object.keys(value).length === 0) return [[`${above}${key}`, word(value)]];
    return flattened(value as Record<string, unknown>, `${above}${key}.`);
  });
}

/** A Markdown table; signs that Markdown reads are written as themselves. */
export function settingsMarkdown(data: Record<string, unknown>): string {
  const cell = (text: string) =>
    text.replaceAll(/[\\`*_[\]<>|#~]/g, (sign) => `\\${sign}`).replaceAll(/\s+/g, ' ');
  const lines = flattened(data).map(([name, value]) => `| ${cell(name)} | ${cell(value)} |`);
  return ['| setting | value |', '| --- | --- |', ...lines].join('\n');
}
