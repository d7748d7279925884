/** Runs in a thread: decoding, measuring and comparing photos. */
import { analysePhoto, jpegForView, workingCopy } from '../signals/analyse.ts';
import type { AnalysedPhoto } from '../signals/analyse.ts';
import type { Pixels } from '../intake/pictures.ts';
import { handOver } from './hand-over.ts';
import { compareShare } from '../duplicates/compare-all.ts';
import type { CompareTask, ComparedShare } from '../duplicates/compare-all.ts';

export async function analyse({
  bytes,
  wantPicture,
}: {
  bytes: Uint8Array;
  wantPicture: boolean;
}): Promise<AnalysedPhoto> {
  const { analysis, picture } = await analysePhoto(bytes);
  return handOver({ analysis, picture: wantPicture ? picture : null }, wantPicture ? picture : null);
}

/** The working copy of a photo that was measured before. */
export async function decode({ bytes }: { bytes: Uint8Array }): Promise<Pixels> {
  const picture = await workingCopy(bytes);
  return handOver(picture, picture);
}

export async function viewJpeg({ bytes }: { bytes: Uint8Array }): Promise<Uint8Array> {
  return await jpegForView(bytes);
}

export function compare(task: CompareTask): ComparedShare {
  return compareShare(task);
}
