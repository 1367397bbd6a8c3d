// From the times of a job to what is shown of them: one row per contender.
import { pairedRatio, summary } from './statistics.mjs';

/**
 * The contender a job's ratios are taken against, by name; where it ran in several variants, the one with so many threads, else the
 * first.
 */
function find(job, name, threads) {
  const all = job.contenders.filter((contender) => contender.name === name && !contender.commit);
  return all.find((contender) => contender.threads === threads) ?? all[0];
}

/** The same variant at this checkout, for a contender of another commit; its best one where there is no such. */
function counterpart(job, { name, level, threads }) {
  const own = job.contenders.filter((c) => c.name === name && !c.commit && c.threads === threads);
  return own.find((c) => c.level === level) ?? own[0];
}

/** What ratios of this job are taken against: its rivals that ran, and the other commit where there is one. */
export function rivalsOf(job) {
  return job.rivals.filter((name) => find(job, name));
}

function rowOf(job, contender, bandwidth) {
  const rates = contender.ms.map((ms) => (1000 * job.images) / ms);
  const gigabytes = job.bytes && job.bytes / summary(contender.ms).median / 1e6;
  const copied = bandwidth[contender.threads] ?? bandwidth[1];
  const ratios = rivalsOf(job).map((name) => {
    const rival = find(job, name, contender.threads);
    const shown = rival !== contender && (contender.own || job.compare !== 'own');
    return [name, shown ? pairedRatio(contender.ms, rival.ms) : undefined];
  });
  const here = contender.commit && counterpart(job, contender);
  return {
    ...contender,
    milliseconds: summary(contender.ms),
    rate: summary(rates),
    gigabytes,
    share: gigabytes && gigabytes / copied.median,
    ratios: Object.fromEntries(ratios),
    // How many times as fast this checkout is as the other commit.
    gain: here && pairedRatio(here.ms, contender.ms),
  };
}

export function rowsOf(job, bandwidth) {
  return job.contenders.map((contender) => rowOf(job, contender, bandwidth));
}

/** Three significant digits, without exponents: 0.123, 12.3, 1 230, 123 000. */
export function digits(value) {
  const rounded = Number(value.toPrecision(3));
  if (rounded >= 1000) return String(Math.round(rounded)).replace(/\B(?=(\d{3})+$)/g, ' ');
  return String(rounded);
}

/** A ratio with its quartiles. */
export function times(ratio) {
  return ratio ? `${digits(ratio.median)} × (${digits(ratio.low)}–${digits(ratio.high)})` : '';
}

export function percent(share) {
  return `${digits(100 * share)} %`;
}
