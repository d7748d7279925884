/** Image URLs of the founding documents' start route: fetched, checked and stored like uploads, all or none. */
import { atOnce } from '../../core/at-once.ts';
import { linkSignals, TimeLimitError, withTimeLimit } from '../../core/time-limit.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { FetchImageError, openImageUrl } from './fetch-image.ts';
import { createIntake } from './intake.ts';
import type { Intake } from './intake.ts';
import { storePhotos } from './store-photos.ts';

/** For one image, from connecting to its last byte. Milliseconds. */
const IMAGE_TIMEOUT_MS = 20_000;
/** For all images of a request. Milliseconds. */
const TOTAL_TIMEOUT_MS = 120_000;
const PARALLEL = 6;

/**
 * Stores the photos behind the URLs and answers their ids, each once. Throws ApiError 422 IMAGE_URLS with every URL
 * that fails, and what `stop` was aborted with.
 */
export async function importImageUrls(
  deps: ApiDeps,
  userId: string,
  urls: readonly string[],
  stop: AbortSignal,
): Promise<string[]> {
  const intake = await createIntake(deps, stop);
  try {
    const failures = await fetchAll(deps, urls, intake, stop);
    const { photos, rejected } = intake.result();
    failures.push(...rejected.map(({ filename, message }) => `${filename}: ${message}`));
    if (failures.length > 0)
      throw new ApiError(422, 'IMAGE_URLS', 'Not every image URL leads to a photo, so nothing was started.', {
        details: failures,
      });
    const saved = await storePhotos(deps, userId, photos);
    return [...new Set(saved.map(({ image }) => image.id))];
  } finally {
    await intake.dispose();
  }
}

async function fetchAll(
  { settings }: ApiDeps,
  urls: readonly string[],
  intake: Intake,
  stop: AbortSignal,
): Promise<string[]> {
  const total = linkSignals([stop], TOTAL_TIMEOUT_MS);
  const failures: string[] = [];
  const fetchOne = async (url: string, name: string): Promise<void> => {
    try {
      await withTimeLimit(IMAGE_TIMEOUT_MS, total.signal, async (signal) => {
        const stream = await openImageUrl(url, { signal, allowPrivate: settings.allowPrivateImageUrls === true });
        await intake.add({ name, source: name, stream });
      });
    } catch (error) {
      stop.throwIfAborted();
      if (error instanceof ApiError) throw error;
      if (error instanceof TimeLimitError) failures.push(`${name}: the host took too long`);
      else if (error instanceof FetchImageError) failures.push(`${name}: ${error.message}`);
      else if (isStreamError(error)) failures.push(`${name}: the connection was interrupted`);
      else throw error;
    }
  };
  try {
    await atOnce(PARALLEL, urls, (url, index) => fetchOne(url, `imageUrls[${index}]`));
  } finally {
    total.release();
  }
  return failures;
}

/** Errors of a body that was under way: reset, ended early. */
function isStreamError(error: unknown): boolean {
  const { name, code } = error as { name?: string; code?: string };
  return (
    name === 'AbortError' || code === 'ECONNRESET' || code === 'ABORT_ERR' || code === 'ERR_STREAM_PREMATURE_CLOSE'
  );
}
