/** What a benchmark returns: verdicts for a person, or one JSON document that docs/benchmarks.md is rendered from. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { say } from '../dev/terminal.ts';
import { commitOf, describeMachine } from './provenance.ts';
import type { Machine } from './provenance.ts';
import { isMet, verdict } from './statistics.ts';
import type { Target } from './statistics.ts';

const ROOT = join(import.meta.dirname, '..');
/** Results that are under version control, one file per benchmark. */
export const RESULTS_FOLDER = join(ROOT, 'docs', 'benchmarks');

export const BENCHMARKS = ['overhead', 'scale', 'transfer', 'curation'] as const;
export type Benchmark = (typeof BENCHMARKS)[number];

export interface BenchReport<Figures extends object = object> {
  readonly targets: readonly Target[];
  /** Parts that could not be measured, with the reason. */
  readonly skipped: readonly string[];
  readonly figures: Figures;
}

/** One run of one benchmark, with everything needed to judge it later. */
export interface BenchResult<Figures extends object = object> extends Omit<BenchReport<Figures>, 'targets'> {
  readonly benchmark: Benchmark;
  /** Day of the measurement, UTC: 2026-11-26. */
  readonly date: string;
  /**
   * Short hash of the commit that was measured; `+changes` behind it when the sources differed; `unknown` outside a
   * clone.
   */
  readonly commit: string;
  readonly machine: Machine;
  readonly targets: readonly (Target & { readonly met: boolean })[];
}

/** Every benchmark takes these two; `node:util` parses them. */
export const REPORT_FLAGS = {
  /** Prints the result as JSON, and nothing else. */
  json: { type: 'boolean', default: false },
  /** Writes the result to docs/benchmarks, where `npm run bench:page` finds it. */
  save: { type: 'boolean', default: false },
} as const;

interface ReportFlags {
  readonly json: boolean;
  readonly save: boolean;
}

/**
 * Refuses, before anything is measured, figures that could not be saved afterwards: those of a commit that nobody can
 * look at.
 */
export async function refuseUnsavable({ save }: Pick<ReportFlags, 'save'>): Promise<void> {
  if (!save) return;
  const commit = await commitOf(ROOT);
  if (!/^[0-9a-f]+$/.test(commit))
    throw new Error(
      `A result that is saved names the commit that was measured, and this is "${commit}": commit first.`,
    );
}

/** Prints the verdicts, or everything as JSON, and gives the exit code: 1 when a target was missed. */
export async function conclude(benchmark: Benchmark, report: BenchReport, flags: ReportFlags): Promise<number> {
  const targets = report.targets.map((target) => ({ ...target, met: isMet(target) }));
  const result: BenchResult = {
    benchmark,
    date: new Date().toISOString().slice(0, 10),
    commit: await commitOf(ROOT),
    machine: await describeMachine(),
    targets,
    skipped: report.skipped,
    figures: report.figures,
  };
  const text = JSON.stringify(result, null, 2);
  if (flags.save) {
    await mkdir(RESULTS_FOLDER, { recursive: true });
    await writeFile(join(RESULTS_FOLDER, `${benchmark}.json`), `${text}\n`);
  }
  if (flags.json) say(text);
  else {
    say('');
    for (const target of targets) say(verdict(target));
    for (const reason of report.skipped) say(`skipped ${reason}`);
    if (flags.save) say(`saved as docs/benchmarks/${benchmark}.json; \`npm run bench:page\` renders the page`);
  }
  return targets.every(({ met }) => met) ? 0 : 1;
}
