#!/usr/bin/env node
// The command line. Files are read, and decoded by sharp, on libuv's pool, whose size must be set before its first use.
const { availableParallelism } = require('node:os');

process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableParallelism() + 2));

let cli;
try {
  cli = require('../dist/cli/main.js');
} catch (error) {
  if (error.code !== 'MODULE_NOT_FOUND' || !String(error.message).includes('dist/cli/main.js')) throw error;
  console.error('saliencymix is not built: npm run build');
  process.exit(1);
}
void cli.main(process.argv);
