import { availableParallelism, cpus } from 'node:os';
import type { Command } from 'commander';
import { environment, version } from '../augment/environment';
import { formats } from '../data/datasets';
import { mixMethodNames, mixMethods } from '../mix/index';
import { schemeNames } from '../mix/schemes';
import { backends } from '../native/backends';
import { saliencyMethods } from '../saliency/methods';
import { runCommand } from './run';

/** Whether the optional runtime of learned saliency is there. Only looked up: loading it takes its time. */
function onnxruntime(): string {
  try {
    const { version: found } = require('onnxruntime-node/package.json') as { version: string };
    return found;
  } catch {
    return 'not installed (optional, for learned saliency: npm install onnxruntime-node)';
  }
}

function collect() {
  const all = backends();
  return {
    saliencymix: version,
    ...environment(all.find(({ available }) => available)?.name ?? 'none'),
    onnxruntime: onnxruntime(),
    processor: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} threads`,
    backends: all,
    saliency: saliencyMethods,
    methods: mixMethodNames.map((name) => ({ name, summary: mixMethods[name].summary })),
    schemes: schemeNames,
    data: formats.map(({ name, summary }) => ({ name, summary })),
  };
}

function print(value: unknown, indent: string): void {
  for (const [key, inner] of Object.entries(value as object)) {
    if (!Array.isArray(inner)) {
      console.log(`${indent}${key.padEnd(12)} ${String(inner)}`);
      continue;
    }
    console.log(`${indent}${key}`);
    for (const entry of inner as unknown[]) {
      const words = typeof entry === 'string' ? [entry] : Object.values(entry as object).map(String);
      console.log(`${indent}  ${words[0].padEnd(26)} ${words.slice(1).join(' · ')}`.trimEnd());
    }
  }
}

export function addInfo(program: Command): void {
  program
    .command('info')
    .description('versions, backends, methods: what this installation can do')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: boolean }) =>
      runCommand(async () => {
        const info = collect();
        if (json) console.log(JSON.stringify(info, null, 2));
        else print(info, '');
      }),
    );
}
