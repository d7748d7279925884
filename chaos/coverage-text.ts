/** The coverage of a run as tables, for a terminal and for the page. */
import { filled } from './coverage.ts';
import type { Count, Coverage } from './coverage.ts';
import { OUTAGE_PHASES } from './plan-outages.ts';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Sums of what was planned and what struck, as rows of name and value. */
export function coverageRows({
  faults,
  acts,
  outages,
  actByFault,
  outageByPhase,
  pairs,
}: Coverage): [string, string][] {
  const cells = Object.values(outageByPhase).flatMap((row) => Object.values(row));
  const both = filled(actByFault);
  return [
    ['faults planned, struck', sumText(faults)],
    ['acts of persons planned, taken', sumText(acts)],
    ['outages made, met', sumText(outages)],
    ['pairs of act and fault planned, met', `${both.planned}, ${both.struck}`],
    ['pairs of outage and phase, met', `${cells.length}, ${cells.filter((count) => count > 0).length}`],
    ['pairs of any two kinds planned, met', `${pairs.planned}, ${pairs.struck}`],
  ];
}

/**
 * How often each fault met each act, and each outage each phase. An empty cell was not planned; a 0 was planned and did
 * not happen.
 */
export function coverageTables({ faults, acts, outages, actByFault, outageByPhase }: Coverage): Table[] {
  const actNames = Object.keys(acts);
  return [
    {
      title: 'faults, and the acts that they met',
      head: ['fault', 'planned', 'struck', ...actNames],
      rows: Object.entries(faults).map(([fault, { planned, struck }]) => [
        fault,
        String(planned),
        String(struck),
        ...actNames.map((act) => cellText(actByFault[act]?.[fault])),
      ]),
    },
    {
      title: 'acts of persons',
      head: ['act', 'planned', 'taken'],
      rows: Object.entries(acts).map(([act, { planned, struck }]) => [act, String(planned), String(struck)]),
    },
    {
      title: 'outages, and the phases that some training was in',
      head: ['outage', 'planned', 'struck', ...OUTAGE_PHASES],
      rows: Object.entries(outages).map(([outage, { planned, struck }]) => [
        outage,
        String(planned),
        String(struck),
        ...OUTAGE_PHASES.map((phase) => String(outageByPhase[outage]?.[phase] ?? 0)),
      ]),
    },
  ];
}

/** A table in columns of equal width. */
export function tableText({ title, head, rows }: Table): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ');
  return [`\n${title}`, line(head), ...rows.map(line)].join('\n');
}

function sumText(counts: Readonly<Record<string, Count>>): string {
  const all = Object.values(counts);
  const total = (field: keyof Count) => all.reduce((sum, count) => sum + count[field], 0);
  const never = Object.entries(counts).filter(([, { struck }]) => struck === 0);
  const names = never.length === 0 ? '' : `; never: ${never.map(([kind]) => kind).join(', ')}`;
  return `${total('planned')}, ${total('struck')}${names}`;
}

function cellText(count: Count | undefined): string {
  return count === undefined ? '' : String(count.struck);
}
