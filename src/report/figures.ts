/** Numbers as text for readers: counts, shares, durations. */

/** "12,345" */
export const count = (value: number): string => value.toLocaleString('en-US');

/** "1 step", "2 steps". */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** A share, 0 to 1, in percent; a dash where it is not finite. */
export const percent = (share: number, decimals = 2): string =>
  Number.isFinite(share) ? `${(100 * share).toFixed(decimals)} %` : '–';

/** A number with five significant digits; very large and very small ones with a power of ten. */
export function figure(value: number): string {
  const size = Math.abs(value);
  const plain = value === 0 || !Number.isFinite(value) || (size >= 1e-4 && size < 1e6);
  return plain ? String(Number(value.toPrecision(5))) : value.toExponential(3);
}

/** Seconds as "12.3 s", "2 min 5 s" or "3 h 20 min"; a dash where they are not finite. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${count(hours)} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}
