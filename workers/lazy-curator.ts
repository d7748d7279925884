import type { Curator } from '../curation/contract.ts';

/** A curator that is created on first use: roles that never curate load neither libvips nor a face model. */
export function createLazyCurator(): Curator {
  let made: Promise<Curator> | null = null;
  const make = () => (made ??= import('../curation/curator.ts').then(({ createCurator }) => createCurator()));
  return {
    async curate(input) {
      return await (await make()).curate(input);
    },
    async prepare(photo, options) {
      return await (await make()).prepare(photo, options);
    },
    async stop() {
      // If it could not be created, there is nothing to stop, and the caller has already got the error.
      const curator = await made?.catch(() => null);
      await curator?.stop();
    },
  };
}
