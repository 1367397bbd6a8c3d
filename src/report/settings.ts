/** Nested settings as a list of names and values. */

function word(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/**
 * Every value that is not undefined, with its dotted name (`optimizer.momentum`), in order. A list is one
 * value.
 */
export function flattened(data: Record<string, unknown>, above = ''): [name: string, value: string][] {
  return Object.entries(data).flatMap(([key, value]): [string, string][] => {
    if (value === undefined) return [];
    const nested = value !== null && typeof value === 'object' && !Array.isArray(value);
    if (!nested || Object.keys(value).length === 0) return [[`${above}${key}`, word(value)]];
    return flattened(value as Record<string, unknown>, `${above}${key}.`);
  });
}

/** The settings as a Markdown table. Characters with a meaning in Markdown are escaped. */
export function settingsMarkdown(data: Record<string, unknown>): string {
  const cell = (text: string) =>
    text.replaceAll(/[\\`*_[\]<>|#~]/g, (sign) => `\\${sign}`).replaceAll(/\s+/g, ' ');
  const lines = flattened(data).map(([name, value]) => `| ${cell(name)} | ${cell(value)} |`);
  return ['| setting | value |', '| --- | --- |', ...lines].join('\n');
}
