/** `npm run bench:page`: renders docs/benchmarks.md from the results beside it. A test compares the two. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Curation } from './curation.ts';
import type { AddedTime } from './overhead-added-time.ts';
import type { PaidTime } from './overhead-paid-time.ts';
import { RESULTS_FOLDER } from './report.ts';
import type { BenchResult, Benchmark } from './report.ts';
import { lengthsSentence, scaleRows } from './scale-table.ts';
import type { Lengths } from './scale-table.ts';
import type { ScaleRound } from './scale-round.ts';
import { withUnit } from './statistics.ts';
import type { Summary } from './statistics.ts';

export const PAGE_FILE = join(RESULTS_FOLDER, '..', 'benchmarks.md');

/** Which figures of a result the page shows beside its targets. */
interface Figures {
  readonly overhead: { readonly photos: number; readonly added: AddedTime; readonly paid: PaidTime };
  readonly scale: {
    readonly datasets: number;
    readonly photos: number;
    readonly rounds: readonly ScaleRound[];
    readonly lengths: Lengths | null;
  };
  readonly transfer: object;
  readonly curation: Curation;
}

type Results = { readonly [Name in Benchmark]: BenchResult<Figures[Name]> | null };

/** The results that are kept; null for a benchmark that has none. */
export function readResults(): Results {
  const read = <Name extends Benchmark>(name: Name): BenchResult<Figures[Name]> | null => {
    const file = join(RESULTS_FOLDER, `${name}.json`);
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as BenchResult<Figures[Name]>) : null;
  };
  return { overhead: read('overhead'), scale: read('scale'), transfer: read('transfer'), curation: read('curation') };
}

export function renderPage({ overhead, scale, transfer, curation }: Results): string {
  return [
    '# Benchmarks',
    '',
    'Everything on this page is rendered from the results in [benchmarks/](benchmarks) (`npm run bench:page`), and a test compares the two:',
    'no figure is typed by hand. Each command below, with `-- --save`, renews its result. Neighbours on the same machine move every',
    'figure; the load tells how many programs wanted a core, the benchmark’s own among them.',
    '',
    '## What Tempera adds to a training: `npm run bench:overhead`',
    '',
    ...section(overhead, 'overhead', aboutOverhead),
    '## Many trainings at once: `npm run bench:scale`',
    '',
    ...section(scale, 'scale', aboutScale),
    '## Large files: `npm run bench:transfer`',
    '',
    ...section(transfer, 'transfer', () => []),
    '## Curation: `npm run bench:curation`',
    '',
    ...section(curation, 'curation', aboutCuration),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

function section<Name extends Benchmark>(
  result: BenchResult<Figures[Name]> | null,
  name: Name,
  about: (figures: Figures[Name]) => readonly string[],
): string[] {
  if (result === null) return [`No result is kept; \`npm run bench:${name} -- --save\` makes one.`, ''];
  const { date, commit, machine, targets, skipped, figures } = result;
  const { processor, cores, memoryGib, system, node, load } = machine;
  return [
    `Measured on ${date} at commit ${commit}: ${processor}, ${cores} cores, ${memoryGib} GiB, ${system}, Node ${node}; load ${load.oneMinute} at the end,` +
      ` ${load.fifteenMinutes} over a quarter of an hour.`,
    '',
    ...markdown([
      ['what', 'target', 'measured', 'met'],
      ...targets.map((target) => [
        target.name,
        `${target.kind} ${withUnit(target.limit, target.unit)}`,
        withUnit(target.measured, target.unit),
        target.met ? 'yes' : `missed by ${withUnit(Math.abs(target.measured - target.limit), target.unit)}`,
      ]),
    ]),
    ...skipped.flatMap((reason) => [`Not measured: ${reason}.`, '']),
    ...about(figures),
  ];
}

function aboutOverhead({ photos, added, paid }: Figures['overhead']): string[] {
  return [
    `From the API call to \`ready\`, with vendors and trainers that need no time: ${added.runs} trainings one after the other, each of ${photos} photos of`,
    'a person that were drawn for it, published to the Hub.',
    '',
    ...markdown([
      ['', 'median', 'p90', 'min', 'max'],
      summaryRow('everything', added.totalMs),
      summaryRow('curation', added.curationMs),
      summaryRow('everything else', added.otherMs),
    ]),
    'By step, medians: `before`, since the step before ended (Temporal and the workflow); `queue`, until a worker took it; `run`, the step itself.',
    '',
    ...markdown([
      ['step', 'before', 'queue', 'run'],
      ...added.medianByStep.map(({ name, beforeMs, queueMs, runMs }) => [name, ms(beforeMs), ms(queueMs), ms(runMs)]),
    ]),
    `Billed time of a pod in which it neither received photos nor trained nor handed out the LoRA, at default polling: ${paid.runs} trainings of ${paid.steps} steps of`,
    `${paid.stepMs} ms. The emulated vendor takes 300 ms of it to boot a pod, and up to 50 ms until the trainer's queue takes the job.`,
    '',
    ...markdown([
      ['paid and idle', 'median', 'p90', 'min', 'max'],
      ...paid.breakdown.map(({ name, ...summary }) => summaryRow(name, summary)),
    ]),
  ];
}

function aboutScale({ datasets, photos, rounds, lengths }: Figures['scale']): string[] {
  const [head = [], ...rows] = scaleRows(rounds);
  const held = rounds[0]?.seconds.held ?? 0;
  return [
    `One worker process of each role; ${datasets} sets of ${photos} drawn photos of a person, taken in turn, so that only the first training with a set has it`,
    'curated; a vendor that boots at once and has the quota of its OpenAPI document (60 calls a minute, 3,000 an hour); default intervals.',
    `All trainings wait in \`watchTraining\` on pods of their own at the same time (the emulator's book is asked), are held there for ${held} s,`,
    'and then all end. Everything, Temporal, PostgreSQL and the emulator too, shares the machine.',
    '',
    ...markdown([head, ...rows]),
    ...(lengths === null ? [] : [lengthsSentence(lengths), '']),
  ];
}

function aboutCuration({ source, photos, meanMegapixels, medians, rounds }: Figures['curation']): string[] {
  const rate = (value: number | null) => (value === null ? '-' : value.toFixed(1));
  const share = (value: number | null) => (value === null ? '-' : value.toFixed(2));
  const whole = (value: number | null) => (value === null ? '-' : Math.round(value).toLocaleString('en-US'));
  const { photosPerSecond, ofDecodeOnly, cpuMsPerPhoto, peakMib } = medians;
  return [
    `${photos} photos (${source}) of ${meanMegapixels.toFixed(2)} megapixels on average, medians of ${rounds.length} rounds, beside a bare loop that decodes and`,
    'shrinks the same files. Threads and models start within the measured time.',
    '',
    ...markdown([
      ['stage', 'photos/s', 'of decode only', 'CPU ms per photo', 'peak MiB'],
      [
        'decode only',
        rate(photosPerSecond.decodeOnly),
        '1.00',
        whole(cpuMsPerPhoto.decodeOnly),
        whole(peakMib.decodeOnly),
      ],
      ...(['allSignals', 'withFaceAndPose'] as const).map((stage) => [
        stage === 'allSignals' ? 'all signals' : 'with face and pose',
        rate(photosPerSecond[stage]),
        share(ofDecodeOnly[stage]),
        whole(cpuMsPerPhoto[stage]),
        whole(peakMib[stage]),
      ]),
    ]),
  ];
}

function summaryRow(name: string, { median, p90, min, max }: Summary): string[] {
  return [name, ...[median, p90, min, max].map(ms)];
}

function ms(value: number): string {
  return withUnit(value, 'ms');
}

/** A table and an empty line after it; the first row is the head. */
function markdown([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

if (process.argv[1] === import.meta.filename) writeFileSync(PAGE_FILE, renderPage(readResults()));
