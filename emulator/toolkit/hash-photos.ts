import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** A hash of what there is to learn from: photos and captions, whatever their names, folder and order. */
export async function hashPhotos(paths: readonly string[], captionExt: string): Promise<string> {
  const hashes: string[] = [];
  for (const path of paths) {
    const caption = await readFile(path.replace(/\.[^/.]+$/, `.${captionExt.replace(/^\./, '')}`)).catch(() => '');
    hashes.push(
      createHash('sha256')
        .update(await readFile(path))
        .update(caption)
        .digest('hex'),
    );
  }
  return createHash('sha256').update(hashes.toSorted().join()).digest('hex');
}
