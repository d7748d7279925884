import type { OpeningLog } from '../curation/openings/openings.ts';
import type { Repositories } from '../prisma/repositories/index.ts';

/** Keeps in the database which photos are being opened, for all workers. */
export function createOpeningLog({ openings }: Pick<Repositories, 'openings'>): OpeningLog {
  return {
    condemned: (sha256s) => openings.condemnedPhotos(sha256s),
    async begin(sha256) {
      const { id, isSuspect } = await openings.beginPhotoOpening(sha256);
      return {
        isSuspect,
        end: () => openings.endPhotoOpening(id),
        acquit: () => openings.forgetPhotoOpenings(sha256),
        condemn: (why) => openings.condemnPhoto(sha256, why),
      };
    },
  };
}
