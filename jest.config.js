const { availableParallelism } = require('node:os');

module.exports = {
  testEnvironment: '<rootDir>/test/environment.js',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  // What needs a graphics card or a driver for one: other configurations run it.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/gpu/',
    '<rootDir>/test/webgpu/',
    '<rootDir>/test/cuda/',
  ],
  modulePathIgnorePatterns: [
    '<rootDir>/dist/',
    '<rootDir>/build/',
    '<rootDir>/.gpu/',
    '<rootDir>/.card/',
    '<rootDir>/.cache/',
  ],
  // The longest takes 36 s alone on two slow processors, and there are two at a time.
  testTimeout: 180_000,
  // Many tests wait for processes of their own: on two processors, two files at once take two thirds of the time.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // Looked up in the sandbox, Math costs more than what it computes; so it is a parameter of every module instead.
  sandboxInjectedGlobals: ['Math'],
};
