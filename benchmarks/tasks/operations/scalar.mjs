// The scalar reference, which judges the levels: plain loops over the definition, one thread.
export { prepare } from './ours.mjs';

export function describe() {
  return { name: 'scalar reference', reference: true, variants: [{ level: 'scalar', threads: 1 }] };
}
