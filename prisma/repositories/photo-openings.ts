/** Which photos are being opened, and which nobody opens any more. Keyed by content: everybody's photos share it. */
import type { Database } from '../client.ts';

/** How long an opening that was left behind makes a photo a suspect. Milliseconds. */
const REMEMBERED_MS = 30 * 24 * 60 * 60_000;

export interface BegunOpening {
  readonly id: string;
  /** Another one of the same photo has begun and not ended, and is not among `underWay`. */
  readonly isSuspect: boolean;
}

/** `underWay`: ids of openings whose process is known to live. */
export async function beginPhotoOpening(
  database: Database,
  sha256: string,
  underWay: readonly string[],
): Promise<BegunOpening> {
  const since = new Date(Date.now() - REMEMBERED_MS);
  const where = { sha256, openedAt: { gt: since }, id: { notIn: [...underWay] } };
  const open = await database.photoOpening.count({ where });
  const { id } = await database.photoOpening.create({ data: { sha256 }, select: { id: true } });
  return { id, isSuspect: open > 0 };
}

export async function endPhotoOpening(database: Database, id: string): Promise<void> {
  await database.photoOpening.deleteMany({ where: { id } });
}

/** Forgets all openings of a photo. */
export async function forgetPhotoOpenings(database: Database, sha256: string): Promise<void> {
  await database.photoOpening.deleteMany({ where: { sha256 } });
}

/** Nobody opens this photo any more. */
export async function condemnPhoto(database: Database, sha256: string, why: string): Promise<void> {
  await database.$transaction([
    database.condemnedPhoto.upsert({ where: { sha256 }, create: { sha256, why }, update: { why } }),
    database.photoOpening.deleteMany({ where: { sha256 } }),
  ]);
}

/** By sha256: why these photos are not opened. */
export async function condemnedPhotos(
  database: Database,
  sha256s: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await database.condemnedPhoto.findMany({ where: { sha256: { in: [...sha256s] } } });
  return new Map(rows.map(({ sha256, why }) => [sha256, why]));
}
