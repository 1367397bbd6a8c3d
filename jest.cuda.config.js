// The tests of test/cuda, which need ONNX Runtime's CUDA provider: scripts/cuda-tests.mjs runs them with libraries that stand in
// for a card's.
module.exports = {
  ...require('./jest.config.js'),
  roots: ['<rootDir>/test/cuda'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
};
