/** Made from native/core/saliency/methods.def by npm run build:ts; do not edit. */
export const nativeMethods = [
  'fine-grained', // FineGrained
  'spectral-residual', // SpectralResidual
  'frequency-tuned', // FrequencyTuned
  'sobel', // Sobel
] as const;
