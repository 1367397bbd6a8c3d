// Writes src/saliency/native-methods.ts, the names of the saliency methods as TypeScript's types need them, from the list
// of native code. Part of npm run build:ts.
import { readFileSync, writeFileSync } from 'node:fs';

const LIST = new URL('../native/core/saliency/methods.def', import.meta.url);
const NAMES = new URL('../src/saliency/native-methods.ts', import.meta.url);

const entries = readFileSync(LIST, 'utf8').matchAll(/^SALIENCY_METHOD\((\w+), "([\w-]+)"/gm);
const lines = [...entries].map(([, type, name]) => `  '${name}', // ${type}`);
const text = `/** Made from native/core/saliency/methods.def by npm run build:ts; do not edit. */
export const nativeMethods = [
${lines.join('\n')}
] as const;
`;
writeFileSync(NAMES, text);
