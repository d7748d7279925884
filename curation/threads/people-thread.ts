/** Runs in a thread: faces, pose and persons. The models are loaded with the first picture. */
import type { Pixels } from '../intake/pictures.ts';
import { loadDetectors } from '../people/detectors.ts';
import type { Detectors } from '../people/detectors.ts';
import type { PeopleFindings } from '../people/findings.ts';
import { lookForPeople } from '../people/look-for-people.ts';

let loading: Promise<Detectors> | null = null;

export async function look(picture: Pixels): Promise<PeopleFindings> {
  loading ??= loadDetectors();
  return await lookForPeople(await loading, picture);
}
