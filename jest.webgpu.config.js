// The tests of test/webgpu, which need a Vulkan driver: scripts/webgpu-tests.mjs runs them with one that computes on the
// processor, where no graphics card is.
module.exports = {
  ...require('./jest.config.js'),
  roots: ['<rootDir>/test/webgpu'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 300_000,
  // Two processes that compute on the processor at once take turns.
  maxWorkers: 1,
};
