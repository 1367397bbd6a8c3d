// The pages that results are kept for: tasks that are measured together, without naming them one by one.

/**
 * `prefix`: how the names of the measurements in results/ begin. Training takes long and has rivals of its own, so its numbers
 * are taken by themselves. (Those of a graphics card, gpu-*, are made and read by gpu/.)
 */
export const PAGES = {
  usual: {
    file: 'REPORT.md',
    prefix: '',
    tasks: ['saliency', 'mix', 'convert', 'pipeline', 'augment'],
  },
  training: { file: 'TRAINING.md', prefix: 'training-', tasks: ['training'] },
  operations: { file: 'OPERATIONS.md', prefix: 'operations-', tasks: ['operations'] },
  ablation: { file: 'TRAINING-ABLATION.md', prefix: 'ablation-', tasks: ['ablation'] },
  parts: { file: 'ABLATION.md', prefix: 'parts-', tasks: ['parts'] },
};

export const taskNames = Object.values(PAGES).flatMap(({ tasks }) => tasks);

/** The page whose tasks these are, all of them and no others; or undefined. */
export function pageOf(names) {
  return Object.values(PAGES).find(({ tasks }) => tasks.join() === names.join());
}
