import type { Curator } from '../curation/contract.ts';

/** A curator that is made when it is first used: roles that never curate load neither libvips nor a face model. */
export function createLazyCurator(): Curator {
  let made: Promise<Curator> | null = null;
  return {
    async curate(input) {
      made ??= import('../curation/curator.ts').then(({ createCurator }) => createCurator());
      return await (await made).curate(input);
    },
    async stop() {
      // One that could not be made has nothing to stop, and its error went to whoever asked for it.
      const curator = await made?.catch(() => null);
      await curator?.stop();
    },
  };
}
