import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { countLabels } from '../augment/labels/report';
import { reportedMethods } from '../augment/labels/cases';
import * as check from '../check';
import { type LabelRow, labelMarkdown, labelText } from '../report/label-table';
import { writeWhole, writing } from '../run/files';
import { type OwnExperiment, type OwnOptions, type OwnResult, partsDone } from './own';

/** Samples for each method, scheme and saliency. */
const SAMPLES = { paper: 10_000, small: 2000, tiny: 200 };

/** CutMix as OA-CutMix has counted it. */
const PUBLISHED: LabelRow = {
  method: 'cutmix, as published',
  scheme: null,
  saliency: null,
  labelRule: 'area',
  ghostShare: 0.17,
  meanError: 0.215,
  bySize: [{ ghostShare: 0.33 }],
};

const TITLE = 'Ghost labels: classes of which a mixed image shows nothing';
const NOTES = [
  'A label is a ghost where it names a class of whose object no pixel is seen. “Smallest fifth” is the share among the samples with the smallest objects; the error is the distance of a label to the share of the objects’ pixels that is seen.',
  'As published: CutMix in OA-CutMix (tobna/oa-cutmix, 2026), on other images, so to be compared in its size only. Nobody else has published these figures for SaliencyMix.',
];

/** The published line after this package’s own of the same method. */
const withPublished = (rows: readonly LabelRow[]): LabelRow[] => {
  const at = rows.findIndex(({ method, labelRule }) => method === 'cutmix' && labelRule === 'area');
  return at < 0 ? [...rows] : rows.toSpliced(at + 1, 0, PUBLISHED);
};

async function run(options: OwnOptions): Promise<OwnResult> {
  const { data, out, scale, methods, limit = SAMPLES[scale], seed, threads, signal } = options;
  const { rows, picture: draw } = await countLabels({
    data,
    methods: methods?.map((one) => check.name(one, reportedMethods, 'methods')),
    samples: limit,
    seed,
    threads,
    signal,
    onProgress: ({ done, total }) => partsDone(options, done, total),
  });
  const picture = await draw();
  await writing(out, () => mkdir(out, { recursive: true }));
  const shown = withPublished(rows);
  const about = `${data.path}, ${limit} samples of each line, seed ${seed}.`;
  const markdown = [`## ${TITLE}`, about, ...NOTES, labelMarkdown(shown)].join('\n\n');
  const found = { data: data.path, samples: limit, seed, published: PUBLISHED, rows };
  const [jsonFile, tables, pictureFile] = ['labels.json', 'labels.md', 'labels.png'].map((name) =>
    join(out, name),
  );
  await writeWhole(jsonFile, `${JSON.stringify(found, null, 1)}\n`);
  await writeWhole(tables, `${markdown}\n`);
  if (picture) await writeWhole(pictureFile, picture);
  const files = [jsonFile, tables, ...(picture ? [pictureFile] : [])];
  return { text: [`${TITLE} (${about})`, labelText(shown), ...NOTES].join('\n'), files, found };
}

export const labels: OwnExperiment = {
  name: 'labels',
  summary: 'how often labels name what is not seen, by method, scheme and saliency; on data with masks',
  run,
};
