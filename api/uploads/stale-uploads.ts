/** Folders of uploads in progress, and the removal of abandoned ones. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../config/logger.ts';
import { REQUEST_TIMEOUT_MS } from '../timeouts.ts';

/** Longer than any request may last. Milliseconds. */
const STALE_MS = 2 * REQUEST_TIMEOUT_MS;
/** Pause between two checks. Milliseconds. */
const LOOK_EVERY_MS = 10 * 60_000;

/** Folder for uploads in progress, below the home folder. */
export function uploadsFolder(home: string): string {
  return join(home, 'uploads');
}

/** Removes the uploads that a killed process left behind; those of a running one are younger. */
export async function removeStaleUploads(home: string, now: Date): Promise<void> {
  const names = await readdir(uploadsFolder(home)).catch(() => []);
  for (const name of names) {
    const path = join(uploadsFolder(home), name);
    const stats = await stat(path).catch(() => null);
    if (stats !== null && now.getTime() - stats.mtimeMs > STALE_MS) await rm(path, { recursive: true, force: true });
  }
}

/** Removes stale uploads from time to time; `stop` ends that. */
export function sweepStaleUploads({
  home,
  logger,
  everyMs = LOOK_EVERY_MS,
}: {
  readonly home: string;
  readonly logger: Logger;
  readonly everyMs?: number;
}): { stop(): void } {
  const look = () =>
    removeStaleUploads(home, new Date()).catch((error: unknown) =>
      logger.warn({ code: (error as NodeJS.ErrnoException).code }, 'leftovers of uploads could not be removed'),
    );
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
