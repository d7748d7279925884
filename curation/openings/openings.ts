import type { LoneProcess } from './lone-process.ts';

/**
 * Remembers beyond the life of this process which photos are being opened, so that what kills a process is known to the next one.
 * Keyed by the hex SHA-256 of the bytes, whoever owns them.
 */
export interface OpeningLog {
  /** By sha256: photos that nobody opens any more, each with a sentence that says why. */
  condemned(sha256s: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Notes that a photo is about to be opened. */
  begin(sha256: string): Promise<Opening>;
}

/** One opening of a photo. Whoever began it ends it, unless the process dies first. */
export interface Opening {
  /** Another opening of this photo has begun and not ended: its process died, or is another one that is at it just now. */
  readonly isSuspect: boolean;
  end(): Promise<void>;
  /** Nobody ends it: the photo is a suspect from now on. */
  leaveBehind(): void;
  /** It did a process of its own no harm: openings of before are forgotten. */
  acquit(): Promise<void>;
  /** Nobody opens it any more. */
  condemn(why: string): Promise<void>;
}

/** A photo on which processes have died. Whoever curates it again finds it condemned and drops it. */
export class CondemnedPhoto extends Error {
  override readonly name = 'CondemnedPhoto';
}

/** Processes of its own that a suspect may end before it is condemned: one may have died of something else. */
const LONE_TRIES = 2;

/** The two ways to open a photo: in this process, or as a task of a lone process. */
export interface OpenWays<Result> {
  readonly sha256: string;
  readonly here: () => Promise<Result>;
  /** Name in lone-tasks.ts. */
  readonly task: string;
  readonly bytes: Uint8Array;
}

export interface OpenOptions {
  /** Undefined: photos are opened here, whatever comes of it. */
  readonly log: OpeningLog | undefined;
  readonly lone: LoneProcess;
  readonly signal?: AbortSignal | undefined;
  /** Called every second while a lone process is at work. */
  readonly onWait?: (() => void) | undefined;
}

/**
 * Opens a photo in this process; but when an opening of it was left behind, in a process of its own, whose death tells more: that
 * of a worker may be anybody's doing, and of its photos all but one are innocent. Throws CondemnedPhoto.
 */
export async function openPhoto<Result>(
  { sha256, here, task, bytes }: OpenWays<Result>,
  { log, lone, signal, onWait }: OpenOptions,
): Promise<Result> {
  if (log === undefined) return await here();
  signal?.throwIfAborted();
  const opening = await log.begin(sha256);
  if (opening.isSuspect) return await openAlone<Result>(opening, () => lone.run(task, { bytes }, { signal, onWait }));
  let result: Result;
  try {
    result = await here();
  } catch (error) {
    // Decoding answers with what is wrong with a photo; an error means that a thread broke over it. It stays a suspect.
    if (signal?.aborted) await opening.end();
    else opening.leaveBehind();
    throw error;
  }
  await opening.end();
  return result;
}

async function openAlone<Result>(opening: Opening, run: () => ReturnType<LoneProcess['run']>): Promise<Result> {
  try {
    for (let tried = 1; ; tried++) {
      const outcome = await run();
      if (outcome.status === 'done') {
        await opening.acquit();
        return outcome.value as Result;
      }
      if (tried < LONE_TRIES) continue;
      const why = `It was being opened when a worker died, and has ended ${LONE_TRIES} processes of its own since: ${outcome.how}.`;
      await opening.condemn(why);
      throw new CondemnedPhoto(why);
    }
  } finally {
    await opening.end();
  }
}
