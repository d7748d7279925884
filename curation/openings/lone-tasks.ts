/** What a lone process can do with a photo. */
import { preparePhoto } from '../prepare.ts';
import { analysePhoto, jpegForView, workingCopy } from '../signals/analyse.ts';

type LoneTask = (input: { readonly bytes: Uint8Array }) => Promise<unknown>;

export const LONE_TASKS: Readonly<Record<string, LoneTask>> = {
  analyse: ({ bytes }) => analysePhoto(bytes),
  decode: ({ bytes }) => workingCopy(bytes),
  viewJpeg: ({ bytes }) => jpegForView(bytes),
  prepare: ({ bytes }) => preparePhoto(bytes),
};
