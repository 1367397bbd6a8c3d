/** Which cells experiments share, and cells and tables of other recipes. */
import { cellsOf } from '../../src/experiments/cells';
import { experiments } from '../../src/experiments';
import { experimentOptions } from '../../src/experiments/options';
import { withRecipe } from '../../src/experiments/experiment';
import { summariesOf } from '../../src/experiments/experiment-run';
import type { CellResult } from '../../src/experiments/result';
import { experimentMarkdown } from '../../src/report/experiment';

const data = { path: 'demo', demo: { count: 60, size: 32, seed: 2 } } as const;
const cells = (name: keyof typeof experiments, more: object = {}) =>
  cellsOf(experiments[name], { scale: 'small', data, seeds: 1, ...more });
const idsOf = (name: keyof typeof experiments, more: object = {}) => cells(name, more).map(({ id }) => id);

test('names of table 1’s cells, by which results from earlier versions are found again', () => {
  expect(idsOf('table1', { methods: ['none', 'cutout', 'saliencymix', 'released-exact'] })).toEqual([
    'resnet20_none_plain_0_2b7918a2',
    'resnet20_cutout_plain_0_b6f4a865',
    'resnet20_saliencymix_plain_0_05d61be4',
    'resnet20_released-exact_plain_0_e014b067',
    'resnet20_none_augmented_0_601c6c74',
    'resnet20_cutout_augmented_0_9b305af9',
    'resnet20_saliencymix_augmented_0_a520edc3',
    'resnet20_released-exact_augmented_0_841f2007',
  ]);
});

test.each(['figure3-saliency', 'figure3-schemes'] as const)('%s has cells of table 1', (name) => {
  const ofTable = idsOf('table1');
  const shared = cells(name).filter(({ id }) => ofTable.includes(id));
  expect(shared.map(({ row, column }) => [row, column])).toEqual([
    ['cutmix', 'plain'],
    ['saliencymix', 'plain'],
  ]);
  expect(cells(name).length).toBeGreaterThan(4);
});

test('the row of a default can be asked for by the setting that it is', () => {
  const ids = idsOf('table1', { methods: ['saliencymix'] }).filter((id) => id.includes('plain'));
  for (const methods of [['fine-grained'], ['saliencymix']])
    expect(idsOf('figure3-saliency', { methods })).toEqual(ids);
  expect(idsOf('figure3-schemes', { methods: ['salient-to-corresponding'] })).toEqual(ids);
  const titles = experiments['figure3-schemes'].rows.map(({ title }) => title);
  expect(titles).toEqual(expect.arrayContaining(['salient to corresponding', 'nonsalient to salient']));
  expect(() => cells('figure3-saliency', { methods: ['fine-grained', 'saliencymix'] })).toThrow(/each once/);
  expect(() => cells('table1', { methods: ['fine-grained'] })).toThrow(/methods/);
});

describe('with another recipe', () => {
  const tiny = withRecipe(experiments['figure3-schemes'], 'tiny-imagenet-64');

  test('other cells: those of figure 3 d', () => {
    const own = cellsOf(tiny, { scale: 'small', data, seeds: 1 });
    expect(own.map(({ column }) => column)).toEqual(own.map(() => 'augmented'));
    for (const { options } of own)
      expect(options).toMatchObject({
        recipe: 'tiny-imagenet-64',
        model: 'resnet20',
        epochs: 30,
        perClass: 1000,
      });
    expect(own[0].options).not.toHaveProperty('crop');
    const others = new Set([...idsOf('table1'), ...idsOf('figure3-schemes')]);
    expect(own.filter(({ id }) => others.has(id))).toEqual([]);
    const whole = cellsOf(tiny, { scale: 'paper', data, methods: ['cutmix'] });
    expect(whole.map(({ model, seed }) => [model, seed])).toEqual(
      [0, 1, 2].map((seed) => ['resnet50', seed]),
    );
    expect(tiny.title).toMatch(/^Figure 3 d.*Tiny-ImageNet/);
  });

  test('the recipe that it has anyway changes nothing; of others there are no numbers of the paper', () => {
    expect(withRecipe(experiments.table1, 'cifar')).toBe(experiments.table1);
    expect(withRecipe(experiments.table1, undefined)).toBe(experiments.table1);
    expect(withRecipe(experiments.table1, 'tiny-imagenet-64').paper).toBeUndefined();
    expect(withRecipe(experiments.table1, 'cutout-paper').title).toMatch(/recipe cutout-paper$/);
    // Whose method rows without one, as that of the released code, would have.
    expect(() => experimentOptions.recipe.check('cutout-paper', 'recipe')).toThrow(
      /"tiny-imagenet-64".*"cutout-paper"/,
    );
  });

  test('tables of their own', () => {
    const result = (recipe: string | undefined, column: string, error: number): CellResult => ({
      version: 1,
      experiment: 'figure3-schemes',
      scale: 'small',
      recipe,
      id: `${recipe} ${column}`,
      model: 'resnet20',
      row: 'saliencymix',
      column,
      seed: 0,
      epochs: [{ loss: 1, top1Error: error, top5Error: 0, testLoss: 1, seconds: 1, saliencySeconds: 0 }],
      settings: { data: { fingerprint: 'a' } },
      environment: {},
      finished: '',
    });
    const found = summariesOf([
      result(undefined, 'plain', 0.25),
      result('tiny-imagenet-64', 'augmented', 0.5),
      // Of table 1, which the figure on CIFAR does not show.
      result('cifar', 'augmented', 0.125),
    ]);
    expect(
      found.map(({ recipe, tables }) => [
        recipe,
        tables.map(({ column, rows }) => [column, rows[0].last.mean]),
      ]),
    ).toEqual([
      ['cifar', [['plain', 0.25]]],
      ['tiny-imagenet-64', [['augmented', 0.5]]],
    ]);
    expect(experimentMarkdown(found[1])).toMatch(/Figure 3 d.*\n.*\n?.*recipe tiny-imagenet-64/);
  });
});
