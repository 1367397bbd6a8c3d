// Progress on the terminal: each job as soon as it is measured.
import { digits, percent, rivalsOf, rowsOf, times } from './figures.mjs';

export function printLeft(task, left) {
  for (const { name, why, install } of left) console.log(`\n${task}: without ${name} (${why}); ${install}`);
}

export function printRemarks(task, remarks) {
  for (const remark of remarks) console.log(`\n${task}: ${remark}`);
}

export function printJob(task, job, bandwidth) {
  console.log(`\n${task}: ${job.label}`);
  const rows = rowsOf(job, bandwidth);
  const width = Math.max(...rows.map((row) => row.label.length));
  for (const row of rows) {
    const cells = [
      row.label.padEnd(width),
      `${digits(row.milliseconds.median).padStart(8)} ms${job.clock === 'cpu' ? ' CPU' : ''}`,
      `${digits(row.rate.median).padStart(10)} images/s`,
      row.gigabytes ? `${digits(row.gigabytes).padStart(7)} GB/s ${percent(row.share).padStart(7)}` : '',
      ...rivalsOf(job).map((name) => (row.ratios[name] ? `${times(row.ratios[name])} ${name}` : '')),
      row.peakMB ? `peak ${row.peakMB} MB` : '',
      row.gain ? `here ${times(row.gain)} as fast` : '',
    ];
    console.log(`  ${cells.filter(Boolean).join('  ')}`);
  }
  for (const { contender, note } of job.notes) console.log(`  ${contender}: ${note}`);
}
