/**
 * The five ways to select and mix a patch of section 3.4 of the paper: which extreme anchors it in source and target.
 * Not salient is the least salient pixel: "we use the least important pixel of an image".
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
