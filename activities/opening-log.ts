import type { OpeningLog } from '../curation/openings/openings.ts';
import type { Repositories } from '../prisma/repositories/index.ts';

/** What this process has begun and is still at, by id: no sign that a process has died. */
const underWay = new Set<string>();

/** Keeps in the database which photos are being opened, for all workers. */
export function createOpeningLog({ photos }: Pick<Repositories, 'photos'>): OpeningLog {
  return {
    condemned: (sha256s) => photos.condemnedPhotos(sha256s),
    async begin(sha256) {
      const { id, isSuspect } = await photos.beginPhotoOpening(sha256, [...underWay]);
      underWay.add(id);
      return {
        isSuspect,
        async end() {
          try {
            await photos.endPhotoOpening(id);
          } finally {
            // Not before its row is gone, or the next opening here would take it for one that was left behind.
            underWay.delete(id);
          }
        },
        leaveBehind: () => void underWay.delete(id),
        acquit: () => photos.forgetPhotoOpenings(sha256),
        condemn: (why) => photos.condemnPhoto(sha256, why),
      };
    },
  };
}
