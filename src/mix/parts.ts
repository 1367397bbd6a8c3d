/**
 * What the mixer has besides plain calls, as native/cpu/parts.h and native/threads/parts.h have it of native code: with
 * and without each the bytes are the same, and the ablation (npm run bench:ablation) measures what each gains in copies
 * in which it is false.
 */
export const parts = {
  /**
   * The next batch is drawn while native code mixes: CutMix of 1024 × 32² is 0.73 (EPYC), 0.85 (Zen 5) and 0.87 (Xeon) times as
   * fast without.
   */
  drawAhead: true,
  /**
   * The thread of JavaScript mixes small batches itself, with the help of others: on two threads 0.58 to 0.79 (EPYC),
   * 0.42 to 0.81 (Zen 5) and 0.70 to 0.93 (Xeon) without.
   */
  mixesHere: true,
};
