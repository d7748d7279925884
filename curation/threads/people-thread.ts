/**
 * Runs in a thread: faces, pose, persons and, when asked for, whose face it is. Models are loaded with the first
 * picture.
 */
import type { Pixels } from '../intake/pictures.ts';
import { loadDetectors } from '../people/detectors.ts';
import type { Detectors } from '../people/detectors.ts';
import type { PeopleFindings } from '../people/findings.ts';
import { loadFaceDescriber } from '../people/identity.ts';
import type { LoadedFaceDescriber } from '../people/identity.ts';
import { lookForPeople } from '../people/look-for-people.ts';

let loading: Promise<Detectors> | null = null;
let loadingDescriber: Promise<LoadedFaceDescriber> | null = null;

export async function look(picture: Pixels): Promise<PeopleFindings> {
  loading ??= loadDetectors();
  return await lookForPeople(await loading, picture);
}

/** Null when faces can be described; else what a person has to do first. */
export async function whyNoIdentity(): Promise<string | null> {
  loadingDescriber ??= loadFaceDescriber();
  const loaded = await loadingDescriber;
  return loaded.status === 'ready' ? null : loaded.why;
}

/** The largest face of a picture; null without one. */
export async function describeFace(picture: Pixels): Promise<Float32Array | null> {
  loadingDescriber ??= loadFaceDescriber();
  const loaded = await loadingDescriber;
  return loaded.status === 'ready' ? await loaded.describer.describe(picture) : null;
}
