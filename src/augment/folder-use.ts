/** The files that an augmentation run writes to its folder. */
import { mixerOptions } from '../mix/options';
import { defaultsOf } from '../option';
import type { FolderUse } from '../run/out-folder';
import { ERRORS, LABELS } from './journal';
import { augmentOptions } from './options';
import type { Settings } from './settings';
import { writerOf, writers } from './writers';

export const PREVIEW = 'preview.png';

export const folderUse = (settings: Settings): FolderUse => ({
  work: 'augment',
  settings,
  defaults: { ...defaultsOf(augmentOptions), mixer: defaultsOf(mixerOptions) },
  owns: (name) =>
    [LABELS, ERRORS, PREVIEW].includes(name) || Object.values(writers).some((writer) => writer.owns(name)),
  firstTrace: LABELS,
  folders: writerOf(settings).folders(settings),
});
