/**
 * The five schemes of section 3.4 of the paper: which pixel is the centre of the patch in the source (`from`)
 * and in the target (`to`). "Nonsalient" is the least salient pixel, as in the paper: "we use the least
 * important pixel of an image".
 */
export const schemes = {
  'salient-to-corresponding': { from: 'peak', to: 'corresponding' },
  'salient-to-salient': { from: 'peak', to: 'peak' },
  'salient-to-nonsalient': { from: 'peak', to: 'low' },
  'nonsalient-to-salient': { from: 'low', to: 'peak' },
  'nonsalient-to-nonsalient': { from: 'low', to: 'low' },
} as const satisfies Record<string, { from: 'peak' | 'low'; to: 'peak' | 'low' | 'corresponding' }>;

export type Scheme = keyof typeof schemes;
export const schemeNames = Object.keys(schemes) as Scheme[];
