import type { OpeningLog } from '../curation/openings/openings.ts';
import type { Repositories } from '../prisma/repositories/index.ts';

/** Keeps in the database which photos are being opened, for all workers. */
export function createOpeningLog({ photos }: Pick<Repositories, 'photos'>): OpeningLog {
  return {
    condemned: (sha256s) => photos.condemnedPhotos(sha256s),
    async begin(sha256) {
      const { id, isSuspect } = await photos.beginPhotoOpening(sha256);
      return {
        isSuspect,
        end: () => photos.endPhotoOpening(id),
        acquit: () => photos.forgetPhotoOpenings(sha256),
        condemn: (why) => photos.condemnPhoto(sha256, why),
      };
    },
  };
}
