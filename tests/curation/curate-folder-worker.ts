/** A process that curates one folder as the command does, and says on its output what was decided and how much memory it took. */
import { readFileSync } from 'node:fs';
import { resolveCurationOptions } from '../../core/curation.ts';
import type { SubjectKind } from '../../core/curation.ts';
import { readPhotoFolder } from '../../curation/command/folder.ts';
import { createCurator } from '../../curation/curator.ts';

const [folder = '', kind = 'style'] = process.argv.slice(2);
const idle = residentPeak();
const curator = createCurator();
try {
  const { photos } = await readPhotoFolder(folder);
  const { report } = await curator.curate({
    photos,
    options: resolveCurationOptions({ subjectKind: kind as SubjectKind, maxPhotos: 200 }),
    training: { triggerWord: 'ohwx', resolutions: [512, 768, 1_024], divisor: 16 },
    cache: null,
    captioner: null,
  });
  process.stdout.write(JSON.stringify({ report, idleBytes: idle, peakBytes: residentPeak() }));
} finally {
  await curator.stop();
}

/** Highest memory of this process so far, threads included. */
function residentPeak(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
    return Number(kilobytes) * 1_024;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Not Linux; kilobytes there too.
    return process.resourceUsage().maxRSS * 1_024;
  }
}
