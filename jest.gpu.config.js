// The tests of test/gpu, which need a graphics card; scripts/gpu-tests.mjs runs them. With
// SALIENCYMIX_GPU_TEST_BACKEND=cpu they run anywhere, and show that they themselves are right.
module.exports = {
  ...require('./jest.config.js'),
  roots: ['<rootDir>/test/gpu'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 300_000,
};
