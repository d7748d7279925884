/** The report of a run, for a terminal and as a page. */
import { formatUsd } from '../core/money.ts';
import type { Coverage } from './coverage.ts';
import { coverageRows, coverageTables, tableText } from './coverage-text.ts';
import type { Figures, Spread } from './measure.ts';
import { VIOLATIONS } from './checks/violation.ts';
import type { Violation } from './checks/violation.ts';

export interface Report {
  readonly seed: number;
  readonly runs: number;
  readonly figures: Figures;
  readonly coverage: Coverage;
  readonly violations: readonly (Violation & {
    /** Its number in the plan. */
    readonly index?: number | undefined;
    readonly history?: string | undefined;
  })[];
}

/** Rows of name and value, in the order in which a person asks. */
function rowsOf({ figures, coverage, violations }: Report): [string, string][] {
  const count = (...codes: string[]) => String(violations.filter(({ code }) => codes.includes(code)).length);
  return [
    ['trainings by end', listOf(figures.ends)],
    ['attempts, pods', `${figures.attempts}, ${figures.pods}`],
    ...coverageRows(coverage),
    ['outages', listOf(figures.outages)],
    [
      'artifacts lost',
      count('ARTIFACT_LOST', 'NOT_READY', 'NOT_ENDED', 'NOT_ACCEPTED', 'NOT_PUBLISHED', 'ROW_DISAGREES'),
    ],
    ['files at home compared, other bytes', `${figures.filesCompared}, ${count('BYTES_DIFFER')}`],
    ['saves forgotten, left on a pod', `${count('SAVE_FORGOTTEN')}, ${count('SAVE_LEFT')}`],
    ['artifacts published twice', count('PUBLISHED_TWICE', 'READY_TWICE')],
    ['attempts that trained twice', count('TRAINED_TWICE')],
    ['attempts without a cause', count('ATTEMPT_WITHOUT_CAUSE')],
    ['duplicate pods', count('DUPLICATE_PODS')],
    [
      'leaked pod-seconds',
      `${figures.leakedSeconds.toFixed(1)} (${figures.ownerlessSeconds.toFixed(1)} without an owner, of ${figures.podSeconds.toFixed(0)})`,
    ],
    [
      'billed, in our ledger',
      `${formatUsd(figures.billedMicroUsd)}, ${formatUsd(figures.ledgerMicroUsd)} (difference ${figures.billedMicroUsd - figures.ledgerMicroUsd} micro-dollars)`,
    ],
    [
      'steps lost per recovery',
      `${spreadText(figures.stepsLost, String)}; ${figures.recoveriesWithinInterval} of ${figures.stepsLost.count} within the save interval of ${figures.saveInterval}`,
    ],
    [
      'recoveries with a save on the pod',
      `${figures.savesOnPods}; ${figures.savesBroughtHome} went on from that save; in ${figures.savesToFetch} nothing stood in the way`,
    ],
    ['trainer’s end to attempt closed', spreadText(figures.noticeMs, seconds)],
    ['trainer’s end to next trainer', spreadText(figures.resumeMs, seconds)],
    ['duration', seconds(figures.durationMs)],
    ['violations', String(violations.length)],
  ];
}

/** The report as lines for a terminal. */
export function reportText(report: Report): string {
  const rows = rowsOf(report).map(([name, value]) => `${name.padEnd(38)} ${value}`);
  const violations = report.violations.map(
    ({ code, trainingId, index, message, history }) =>
      `VIOLATION ${code} (${VIOLATIONS[code]}), seed ${report.seed}, training ${index ?? '-'} (${trainingId ?? '-'}): ${message}${history ? `\n          replay: npm run chaos -- --replay ${history}` : ''}`,
  );
  return [...rows, ...coverageTables(report.coverage).map(tableText), '', ...violations].join('\n');
}

/** The report as one self-contained page. */
export function reportHtml(report: Report): string {
  const table = (rows: readonly (readonly string[])[]) =>
    `<table>${rows.map((row) => `<tr>${row.map((cell) => `<td>${escape(cell)}</td>`).join('')}</tr>`).join('')}</table>`;
  const violations = report.violations.map(({ code, trainingId, message, history }) => [
    code,
    trainingId ?? '',
    message,
    history ?? '',
  ]);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Chaos, seed ${report.seed}</title>
<style>body{font:15px system-ui;margin:2rem auto;max-width:70rem;color:#1d2329}table{border-collapse:collapse;margin:1rem 0}td{border-bottom:1px solid #d5dae0;padding:.3rem 1rem .3rem 0;vertical-align:top}</style>
<h1>Chaos: ${report.runs} trainings, seed ${report.seed}</h1>
${table(rowsOf(report))}
<h2>Violations</h2>${violations.length === 0 ? '<p>None.</p>' : table(violations)}
${coverageTables(report.coverage)
  .map(({ title, head, rows }) => `<h2>${escape(title)}</h2>${table([head, ...rows])}`)
  .join('\n')}
</html>
`;
}

function listOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function spreadText({ count, median, p90, max }: Spread, unit: (value: number) => string): string {
  return count === 0 ? 'none' : `median ${unit(median)}, p90 ${unit(p90)}, max ${unit(max)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
