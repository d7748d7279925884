import { availableParallelism } from 'node:os';
import { createHash } from 'node:crypto';
import { atOnce } from '../core/at-once.ts';
import type { Description } from '../core/captioner.ts';
import type { AnalysisCache, CurateInput, CuratedSet, Curator, PhotoToCurate } from './contract.ts';
import { decide, usablePhotos } from './decide.ts';
import type { Decisions, JudgedPhoto, UsablePhoto } from './decide.ts';
import type { ComparedPair, ComparedShare } from './duplicates/compare-all.ts';
import { LIMITS } from './limits.ts';
import { makeReport } from './make-report.ts';
import { createLoneProcess } from './openings/lone-process.ts';
import type { LoneProcess } from './openings/lone-process.ts';
import { CondemnedPhoto, openPhoto } from './openings/openings.ts';
import type { Pixels } from './intake/pictures.ts';
import { withRoom } from './intake/room.ts';
import { decodeFindings, encodeFindings, PEOPLE_VERSION } from './people/findings.ts';
import type { PeopleFindings } from './people/findings.ts';
import { countFaces } from './people/framing.ts';
import type { DescribedFaces } from './people/identity-distances.ts';
import { preparePhoto } from './prepare.ts';
import type { AnalysedPhoto } from './signals/analyse.ts';
import { ANALYSER_VERSION, decodeAnalysis, encodeAnalysis } from './signals/analysis.ts';
import type { PhotoAnalysis } from './signals/analysis.ts';
import { memoryOf } from './threads/hand-over.ts';
import { createThreadPool } from './threads/pool.ts';
import type { ThreadPool } from './threads/pool.ts';

/** Each thread costs 60 MB or more; decoding uses further threads of its own. */
const MOST_THREADS = 4;

/** What all curations of a curator share. */
interface Workshop {
  readonly signals: ThreadPool;
  readonly people: ThreadPool;
  readonly lone: LoneProcess;
}

interface CuratorOptions {
  /** Memory from which a process ends itself that opens a photo alone. Default 1 GB. */
  readonly loneBytes?: number;
}

/** Starts a curator. Its threads begin with the first photo; the face model is loaded with the first person. */
export function createCurator({ loneBytes = LIMITS.loneBytes }: CuratorOptions = {}): Curator {
  const threads = Math.min(MOST_THREADS, availableParallelism());
  const signals = createThreadPool({ file: threadFile('signals-thread'), threads });
  const people = createThreadPool({ file: threadFile('people-thread'), threads: 1 });
  const shop: Workshop = { signals, people, lone: createLoneProcess({ maxBytes: loneBytes }) };
  return {
    async curate(input) {
      const photos = await judgeAll(input, shop);
      const usable = usablePhotos(photos);
      const pairs = await compareAll(usable, signals, input);
      const faces = await describeFaces(input, usable, shop);
      const decisions = decide({ ...input, photos, usable, pairs, faces });
      const described = await describeKept(input, photos, decisions, shop);
      return curatedSet(input, { photos, usable, pairs, decisions, described });
    },
    async prepare({ sha256, read }, { openings, signal, onWait }) {
      const bytes = await read();
      return await openPhoto(
        { sha256, task: 'prepare', bytes, here: () => preparePhoto(bytes) },
        { log: openings, lone: shop.lone, signal, onWait },
      );
    },
    async stop() {
      await Promise.all([signals.stop(), people.stop()]);
    },
  };
}

/** The extension is that of this file: sources in development, compiled files otherwise. */
function threadFile(name: string): URL {
  return new URL(`./threads/${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}

/** Photos in progress at once: two per thread, so that one is read or decoded while another is measured. */
async function judgeAll(input: CurateInput, shop: Workshop): Promise<JudgedPhoto[]> {
  const photos = input.photos.toSorted(byContent);
  const condemned = await input.openings?.condemned(photos.map(({ sha256 }) => sha256));
  let done = 0;
  const onWait = () => input.onProgress?.({ done, total: photos.length });
  return await atOnce(2 * shop.signals.threads, photos, async (photo) => {
    const why = condemned?.get(photo.sha256);
    const judged = why === undefined ? await judgeOpened(photo, { ...input, onWait }, shop) : crashed(photo, why);
    done++;
    onWait();
    return judged;
  });
}

/** What opens photos: the input, and whom to tell every second while a process of its own is at work. */
type Opener = Pick<CurateInput, 'openings' | 'signal'> & { readonly onWait: () => void };

async function judgeOpened(photo: PhotoToCurate, input: CurateInput & Opener, shop: Workshop): Promise<JudgedPhoto> {
  try {
    return await judge(photo, input, shop);
  } catch (error) {
    if (error instanceof CondemnedPhoto) return crashed(photo, error.message);
    throw error;
  }
}

function crashed(photo: PhotoToCurate, message: string): JudgedPhoto {
  return { photo, analysis: { status: 'rejected', reason: 'crashed', message }, people: null };
}

async function judge(photo: PhotoToCurate, input: CurateInput & Opener, shop: Workshop): Promise<JudgedPhoto> {
  const { options, cache, signal } = input;
  signal?.throwIfAborted();
  const wantPeople = options.subjectKind === 'person';
  const keys = { analysis: `${ANALYSER_VERSION}-${photo.sha256}`, people: `${PEOPLE_VERSION}-${photo.sha256}` };
  const known = await recall(cache, keys.analysis, decodeAnalysis);
  const knownPeople = wantPeople ? await recall(cache, keys.people, decodeFindings) : null;
  if (known && (!wantPeople || knownPeople !== null || known.status === 'rejected'))
    return { photo, analysis: known, people: knownPeople };
  const wantPicture = wantPeople && knownPeople === null;
  const { analysis, picture } = await measure(photo, { known, wantPicture }, shop, input);
  if (!known) await cache?.put(keys.analysis, encodeAnalysis(analysis));
  if (!wantPicture || picture === null) return { photo, analysis, people: knownPeople };
  const found = await shop.people.run<PeopleFindings>('look', picture, { signal, handOver: memoryOf(picture) });
  await cache?.put(keys.people, encodeFindings(found));
  return { photo, analysis, people: found };
}

async function measure(
  photo: PhotoToCurate,
  { known, wantPicture }: { readonly known: PhotoAnalysis | null; readonly wantPicture: boolean },
  shop: Workshop,
  opener: Opener,
): Promise<AnalysedPhoto> {
  if (known) return { analysis: known, picture: await open<Pixels>(photo, { task: 'decode' }, shop, opener) };
  return await open<AnalysedPhoto>(photo, { task: 'analyse', more: { wantPicture } }, shop, opener);
}

/** Reads a photo and has it opened: in a thread, or alone when a process has died while it was open. */
async function open<Result>(
  { sha256, read }: PhotoToCurate,
  { task, more }: { readonly task: 'analyse' | 'decode' | 'viewJpeg'; readonly more?: object },
  { signals, lone }: Workshop,
  { openings, signal, onWait }: Opener,
): Promise<Result> {
  const bytes = await read();
  const here = () => withRoom(bytes, () => signals.run<Result>(task, { bytes, ...more }, { signal }), signal);
  return await openPhoto({ sha256, task, bytes, here }, { log: openings, lone, signal, onWait });
}

async function recall<Value>(
  cache: AnalysisCache | null,
  key: string,
  decode: (bytes: Uint8Array) => Value | null,
): Promise<Value | null> {
  const bytes = (await cache?.get(key)) ?? null;
  return bytes === null ? null : decode(bytes);
}

async function compareAll(
  usable: readonly UsablePhoto[],
  signals: ThreadPool,
  { photos: { length: total }, signal, onProgress }: CurateInput,
): Promise<ComparedPair[]> {
  if (usable.length < 2) return [];
  const photos = usable.map(({ analysis: { grey, fingerprint } }) => ({ grey, fingerprint }));
  // Each share prepares all photos for itself, so there is one share per thread.
  const of = signals.threads;
  const shares = await atOnce(of, [...Array(of).keys()], async (share) => {
    const compared = await signals.run<ComparedShare>('compare', { photos, share, of }, { signal });
    onProgress?.({ done: total, total });
    return compared;
  });
  return shares.flatMap(({ pairs }) => pairs).sort((a, b) => a.first - b.first || a.second - b.second);
}

/** One face is described while the picture of the next is decoded. */
const FACES_AT_ONCE = 2;

/** Describes the faces in a person's photos, if requested. Never cached: each run decodes and describes again. */
async function describeFaces(
  { photos, options, openings, signal, onProgress }: CurateInput,
  usable: readonly UsablePhoto[],
  shop: Workshop,
): Promise<DescribedFaces> {
  if (!options.identityCheck || options.subjectKind !== 'person') return { status: 'off' };
  const why = await shop.people.run<string | null>('whyNoIdentity', null, { signal });
  if (why !== null) return { status: 'unavailable', why };
  const onWait = () => onProgress?.({ done: photos.length, total: photos.length });
  const opener: Opener = { openings, signal, onWait };
  const descriptors = new Map<string, Float32Array>();
  const withFace = usable.filter((judged) => judged.people !== null && countFaces(judged.people) > 0);
  await atOnce(FACES_AT_ONCE, withFace, async ({ photo, analysis }) => {
    signal?.throwIfAborted();
    const { picture } = await measure(photo, { known: analysis, wantPicture: true }, shop, opener);
    if (picture === null) return;
    const descriptor = await shop.people.run<Float32Array | null>('describeFace', picture, {
      signal,
      handOver: memoryOf(picture),
    });
    if (descriptor !== null) descriptors.set(photo.id, descriptor);
    onWait();
  });
  return { status: 'described', descriptors };
}

/** Pictures held in memory at once for the captioner, which limits its requests itself. */
const DESCRIBED_AT_ONCE = 4;

/**
 * Asks the captioner for kept photos without a caption of their own. Descriptions are cached: asked again, a model may
 * answer differently.
 */
async function describeKept(
  { captioner, cache, openings, signal, onProgress }: CurateInput,
  photos: readonly JudgedPhoto[],
  { verdicts }: Decisions,
  shop: Workshop,
): Promise<Map<string, Description>> {
  const described = new Map<string, Description>();
  if (captioner === null) return described;
  const uncaptioned = photos
    .map(({ photo }) => photo)
    .filter(({ id, caption, override }) => {
      return verdicts.get(id)!.decision === 'keep' && !(override?.caption ?? caption)?.trim();
    });
  const model = createHash('sha256').update(captioner.name).digest('hex').slice(0, 16);
  await atOnce(DESCRIBED_AT_ONCE, uncaptioned, async (photo) => {
    const { id, sha256 } = photo;
    const key = `caption-${model}-${sha256}`;
    const known = await recall(cache, key, (bytes) => Buffer.from(bytes).toString('utf8'));
    if (known !== null) {
      described.set(id, { status: 'described', text: known });
      return;
    }
    const onWait = () => onProgress?.({ done: photos.length, total: photos.length });
    const jpeg = await open<Uint8Array>(photo, { task: 'viewJpeg' }, shop, { openings, signal, onWait });
    const description = await captioner.describe({ jpeg, ...(signal && { signal }) });
    if (description.status === 'described') await cache?.put(key, Buffer.from(description.text));
    described.set(id, description);
  });
  return described;
}

function curatedSet(
  input: CurateInput,
  found: {
    readonly photos: readonly JudgedPhoto[];
    readonly usable: readonly UsablePhoto[];
    readonly pairs: readonly ComparedPair[];
    readonly decisions: Decisions;
    readonly described: ReadonlyMap<string, Description>;
  },
): CuratedSet {
  const thumbnails = new Map<string, Uint8Array>();
  for (const { photo, analysis } of found.photos)
    if (analysis.status === 'decoded') thumbnails.set(photo.sha256, analysis.thumbnail);
  return { report: makeReport(input, found), thumbnails, pairs: found.decisions.similar };
}

function byContent(a: PhotoToCurate, b: PhotoToCurate): number {
  return compare(a.sha256, b.sha256) || compare(a.filename, b.filename) || compare(a.id, b.id);
}

/** By code units: the same on every machine, unlike a locale-aware comparison. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
