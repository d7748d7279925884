import { createSemaphore } from '../../core/semaphore.ts';
import { LIMITS } from '../limits.ts';
import { inspectPhoto } from './intake.ts';
import type { PhotoInspection } from './intake.ts';

/** For the whole process, whatever is decoding. Pixels. */
const room = createSemaphore(LIMITS.pixelsAtOnce);

/**
 * Decodes a photo while there is memory for it, a vast one alone: a picture of 100 megapixels takes hundreds of
 * megabytes. What inspection refuses weighs nothing; `decode` is told and must not decode it.
 */
export async function withRoom<Result>(
  bytes: Uint8Array,
  decode: (header: PhotoInspection) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const header = await inspectPhoto(bytes);
  return await room.run(() => decode(header), { weight: header.status === 'ok' ? weightOf(header) : 0, signal });
}

/** What must be held at once counts as far as it fills the limit for it. */
function weightOf({ width, height, heldBytes }: { width: number; height: number; heldBytes: number }): number {
  return Math.max(width * height, (heldBytes / LIMITS.maxHeldBytes) * LIMITS.pixelsAtOnce);
}
