/**
 * `npm run bench:curation`: how fast photos are judged, against a bare loop that decodes and shrinks the same files.
 */
import { randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { untilSignal } from '../cli/signals.ts';
import { SUBJECT_KINDS } from '../core/curation.ts';
import type { SubjectKind } from '../core/curation.ts';
import { readPhotoFolder } from '../curation/command/folder.ts';
import type { Curated, Decoded } from './curation-orders.ts';
import { carryOut } from './curation-process.ts';
import { SEEDS_APART, drawPersons } from './photos.ts';
import { REPORT_FLAGS, conclude, refuseUnsavable } from './report.ts';
import { median, table, verdict } from './statistics.ts';
import type { Target } from './statistics.ts';

const USAGE = `npm run bench:curation -- [<folder>] [--kind person|style|object] [--rounds 3] [--drawn 220] [--seed <number>] [--pairs-json <file>] [--save]

JSON on stdout, lines for people on stderr. Without a folder, photos of persons are drawn. The targets are meant for photos of 1 to 2 MP on 2 cores.
`;
/** Photos whose pairs have a time limit. */
const PAIRS_OF = 200;
const MIB = 1_024 ** 2;

/** npm and run.mjs change to the project's folder; INIT_CWD is where the person is. */
const FROM = process.env['INIT_CWD'] ?? process.cwd();

interface Round {
  /** Runnable tasks of the machine in the minute before. */
  readonly load: number;
  readonly decode: Decoded;
  /** All signals, no faces. */
  readonly signals: Curated;
  /** Signals, faces and pose; null unless the photos show a person. */
  readonly people: Curated | null;
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kind: { type: 'string', default: 'person' },
    rounds: { type: 'string', default: '3' },
    drawn: { type: 'string', default: '220' },
    seed: { type: 'string' },
    'pairs-json': { type: 'string' },
    save: REPORT_FLAGS.save,
    help: { type: 'boolean', default: false },
  },
});
const tell = (line: string) => void process.stderr.write(`${line}\n`);
const interrupted = new AbortController();
const signalled = untilSignal().then(() => interrupted.abort());
process.exitCode = flags.help ? (tell(USAGE), 0) : await Promise.race([main(), signalled.then(() => 130)]);

async function main(): Promise<number> {
  await refuseUnsavable(flags);
  const kind = SUBJECT_KINDS.find((known) => known === flags.kind);
  if (kind === undefined || positionals.length > 1 || !(Number(flags.rounds) >= 1)) {
    tell(USAGE);
    return 1;
  }
  const [given] = positionals;
  if (given !== undefined) return await measureAll(resolve(FROM, given), 'of a folder', kind);
  const folder = await mkdtemp(join(tmpdir(), 'tempera-bench-'));
  try {
    const seed = flags.seed === undefined ? randomInt(1_000_000) : Number(flags.seed);
    tell(`Drawing ${flags.drawn} photos, seed ${seed} ...`);
    for (const { filename, bytes } of await drawPersons(seed * SEEDS_APART, Number(flags.drawn)))
      await writeFile(join(folder, filename), bytes);
    return await measureAll(folder, `drawn, seed ${seed}`, kind);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureAll(folder: string, source: string, kind: SubjectKind): Promise<number> {
  const { photos } = await readPhotoFolder(folder);
  if (photos.length === 0) {
    tell(`There are no photos in ${folder}.`);
    return 1;
  }
  tell(`${photos.length} photos, ${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}`);
  const rounds: Round[] = [];
  for (let round = 0; round < Number(flags.rounds); round++) {
    rounds.push(await measure(folder, kind));
    tell(roundLine(rounds.at(-1)!, round));
  }
  const last = rounds.at(-1)!;
  if (flags['pairs-json'] !== undefined)
    await writeFile(
      resolve(FROM, flags['pairs-json']),
      `${JSON.stringify((last.people ?? last.signals).similar, null, 2)}\n`,
    );
  return await report(rounds, source);
}

/** Each in a process of its own, one after the other. */
async function measure(folder: string, kind: SubjectKind): Promise<Round> {
  const { signal } = interrupted;
  const faceless = kind === 'person' ? 'style' : kind;
  const load = loadavg()[0]!;
  const decode = await carryOut({ kind: 'decode', folder }, signal);
  const signals = await carryOut({ kind: 'curate', folder, subjectKind: faceless, pairsOf: PAIRS_OF }, signal);
  const people =
    kind === 'person' ? await carryOut({ kind: 'curate', folder, subjectKind: kind, pairsOf: null }, signal) : null;
  return { load, decode, signals, people };
}

export type Curation = ReturnType<typeof figuresOf>;

function figuresOf(rounds: readonly Round[], source: string) {
  const { signals, people } = rounds[0]!;
  const { photos, unreadable, meanMegapixels } = signals;
  const of = (value: (round: Round) => number) => median(rounds.map(value));
  const rate = (ms: (round: Round) => number) => of((round) => (1_000 * photos) / ms(round));
  const compared = signals.pairs!.photos;
  const whole = ({ people: withFaces, signals: without }: Round) => (withFaces ?? without).wholeMs;
  const medians = {
    photosPerSecond: {
      decodeOnly: rate(({ decode }) => decode.ms),
      allSignals: rate((round) => round.signals.measureMs),
      withFaceAndPose: people && rate((round) => round.people!.measureMs),
      whole: rate(whole),
    },
    ofDecodeOnly: {
      allSignals: of(({ decode, signals: { measureMs } }) => decode.ms / measureMs),
      withFaceAndPose: people && of((round) => round.decode.ms / round.people!.measureMs),
    },
    cpuMsPerPhoto: {
      decodeOnly: of(({ decode }) => decode.cpuMs / photos),
      allSignals: of((round) => round.signals.cpuMs / photos),
      withFaceAndPose: people && of((round) => round.people!.cpuMs / photos),
    },
    firstPhotoMs: {
      allSignals: of((round) => round.signals.firstMs),
      withFaceAndPose: people && of((round) => round.people!.firstMs),
    },
    pairs: {
      photos: compared,
      pairsMs: of((round) => round.signals.pairs!.pairsMs),
      decideMs: of((round) => round.signals.pairs!.decideMs),
    },
    peakMib: {
      decodeOnly: of(({ decode }) => decode.peakBytes / MIB),
      allSignals: of((round) => round.signals.peakBytes / MIB),
      withFaceAndPose: people && of((round) => round.people!.peakBytes / MIB),
    },
  };
  return { source, photos, unreadable, meanMegapixels, medians, rounds: rounds.map(withoutNames) };
}

async function report(rounds: readonly Round[], source: string): Promise<number> {
  const figures = figuresOf(rounds, source);
  const { medians, unreadable, meanMegapixels } = figures;
  const compared = medians.pairs.photos;
  const targets: Target[] = [
    {
      name: 'all signals',
      unit: 'photos/s',
      measured: medians.photosPerSecond.allSignals,
      limit: 25,
      kind: 'at least',
    },
    ...(medians.photosPerSecond.withFaceAndPose === null
      ? []
      : [
          {
            name: 'with face and pose',
            unit: 'photos/s',
            measured: medians.photosPerSecond.withFaceAndPose,
            limit: 8,
            kind: 'at least',
          } as const,
        ]),
    ...(compared < PAIRS_OF
      ? []
      : ([
          {
            name: `pairs of ${PAIRS_OF} photos`,
            unit: 'ms',
            measured: medians.pairs.pairsMs,
            limit: 5_000,
            kind: 'at most',
          },
        ] as const)),
  ];
  tell(`\nmedian of ${rounds.length}; ${meanMegapixels.toFixed(2)} MP on average, ${unreadable} unreadable\n`);
  tell(stageTable(medians));
  tell(
    `\npairs of ${compared} photos ${seconds(medians.pairs.pairsMs)}, decision and report ${seconds(medians.pairs.decideMs)}\n`,
  );
  for (const target of targets) tell(verdict(target));
  const skipped = [
    ...(medians.photosPerSecond.withFaceAndPose === null ? ['face and pose: only for --kind person'] : []),
    ...(compared < PAIRS_OF ? [`pairs of ${PAIRS_OF} photos: the folder has ${compared} that are compared`] : []),
  ];
  for (const reason of skipped) tell(`skipped ${reason}`);
  return await conclude('curation', { targets, skipped, figures }, { json: true, save: flags.save });
}

function stageTable({
  photosPerSecond,
  ofDecodeOnly,
  cpuMsPerPhoto,
  peakMib,
}: {
  readonly photosPerSecond: Readonly<Record<'decodeOnly' | 'allSignals' | 'whole', number>> & Faces;
  readonly ofDecodeOnly: Readonly<Record<'allSignals', number>> & Faces;
  readonly cpuMsPerPhoto: Readonly<Record<'decodeOnly' | 'allSignals', number>> & Faces;
  readonly peakMib: Readonly<Record<'decodeOnly' | 'allSignals', number>> & Faces;
}): string {
  const row = (stage: string, rate: number | null, ...figures: readonly (string | undefined)[]) =>
    rate === null ? [] : [[stage, rate.toFixed(1), ...figures.map((figure) => figure ?? '')]];
  const measured = (stage: string, key: 'allSignals' | 'withFaceAndPose') =>
    row(
      stage,
      photosPerSecond[key],
      ofDecodeOnly[key]?.toFixed(2),
      cpuMsPerPhoto[key]?.toFixed(0),
      peakMib[key]?.toFixed(0),
    );
  return table([
    ['stage', 'photos/s', 'of decode only', 'CPU ms/photo', 'peak MiB'],
    ...row(
      'decode only',
      photosPerSecond.decodeOnly,
      '1.00',
      cpuMsPerPhoto.decodeOnly.toFixed(0),
      peakMib.decodeOnly.toFixed(0),
    ),
    ...measured('all signals', 'allSignals'),
    ...measured('with face and pose', 'withFaceAndPose'),
    ...row('whole', photosPerSecond.whole, '', '', ''),
  ]);
}

interface Faces {
  readonly withFaceAndPose: number | null;
}

function roundLine({ load, decode, signals, people }: Round, round: number): string {
  const rate = (ms: number) => ((1_000 * signals.photos) / ms).toFixed(1);
  const faces = people === null ? '' : `, with face and pose ${rate(people.measureMs)}`;
  return `round ${round + 1}: photos/s: decode only ${rate(decode.ms)}, all signals ${rate(signals.measureMs)}${faces}; load ${load.toFixed(1)}`;
}

/** The pairs have a file of their own. */
function withoutNames({ load, decode, signals, people }: Round): object {
  const figuresOf = ({ similar, ...figures }: Curated) => ({ ...figures, similar: similar.length });
  return { load, decode, signals: figuresOf(signals), people: people && figuresOf(people) };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
