/** Top folders that hold other folders in a way that hardly is that of classes. */
import { afterTop, isNested, quoted, topOf } from './names';

const DECIDE = 'or give --classes-from folder (classesFrom), which makes every top folder a class';

/**
 * Why the first folders of the paths are probably not the classes: a single one of them holds several folders and no image, beside others that hold images only.
 */
export function folderDoubt(paths: readonly string[]): string | undefined {
  const nested = paths.filter(isNested);
  const inside = new Map<string, Set<string>>();
  const withImages = new Set<string>();
  for (const path of nested) {
    const top = topOf(path);
    const folders = inside.get(top) ?? new Set();
    inside.set(top, folders);
    if (isNested(afterTop(path))) folders.add(topOf(afterTop(path)));
    else withImages.add(top);
  }
  const [deep, ...more] = [...inside].filter(([, folders]) => folders.size > 0);
  if (!deep || more.length > 0 || inside.size === 1) return undefined;
  const [name, folders] = deep;
  if (folders.size < 2 || withImages.has(name)) return undefined;
  return `has folders of images in "${name}" (${quoted(folders)}), but only images in ${quoted(withImages)}, so it cannot be told which are classes: name the folder that holds the class folders, ${DECIDE}`;
}
