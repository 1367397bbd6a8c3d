// The two sizes everything is measured at: CIFAR's batches and ImageNet's.

const FULL = [
  { count: 256, side: 32 },
  { count: 64, side: 224 },
];

const QUICK = [
  { count: 64, side: 32 },
  { count: 4, side: 224 },
];

export function sizesOf(quick) {
  return quick ? QUICK : FULL;
}
