/** Folders of uploads under way, and what becomes of those that nobody works on any more. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../config/logger.ts';
import { REQUEST_TIMEOUT_MS } from '../timeouts.ts';

/** Longer than any request may last. Milliseconds. */
const STALE_MS = 2 * REQUEST_TIMEOUT_MS;
/** Pause between two looks. Milliseconds. */
const LOOK_EVERY_MS = 10 * 60_000;

/** Folder of uploads under way below the home folder. */
export function uploadsFolder(home: string): string {
  return join(home, 'uploads');
}

/** Removes what a process that was killed left of its uploads; those of a living one are younger. */
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
