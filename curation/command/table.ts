import { sheetOrder } from '../report/order.ts';
import type { CurationReport, MixLine, PhotoReport } from '../report/report.ts';
import { summarise } from '../report/summary.ts';
import { counted, FRAMING_WORDS, visible } from '../report/words.ts';
import { columnsOf, fitted, padded, wrapped } from './layout.ts';

export interface TableOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colour: boolean;
}

type Paint = (text: string) => string;
type Palette = Readonly<Record<'green' | 'red' | 'yellow' | 'dim' | 'bold', Paint>>;

const NARROWEST_WIDTH = 60;
const BAR_CELLS = 16;

/** The report as a person reads it in a terminal; the verdict comes last, where the eye is. */
export function renderTable(report: CurationReport, { width, colour }: TableOptions): string {
  const columns = Math.max(NARROWEST_WIDTH, width);
  const paint = palette(colour);
  const sections = [
    photoLines(sheetOrder(report), columns, paint),
    report.mix === null
      ? []
      : [paint.bold('Mix, as the training sees it'), ...report.mix.map((line) => mixLine(line, paint))],
    listed('Warnings', report.warnings, columns, paint),
    listed(
      'What to do next',
      report.plan.map(({ sentence }) => sentence),
      columns,
      paint,
    ),
    verdictLines(report, columns, paint),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

const DECISION_COLUMNS = 9;
const WARNING_COLUMNS = 6;

function photoLines(photos: readonly PhotoReport[], width: number, paint: Palette): string[] {
  const names = photos.map(({ filename }) => visible(filename));
  const nameColumns = Math.min(Math.max(5, ...names.map(columnsOf)), Math.floor(width * 0.28));
  const indent = nameColumns + 2 + DECISION_COLUMNS + WARNING_COLUMNS;
  const head = `${padded('Photo', nameColumns)}  ${padded('Decision', DECISION_COLUMNS)}${padded('Warn', WARNING_COLUMNS)}Why`;
  const rows = photos.flatMap(({ decision, warnings, sentence }, index) => {
    const [first = '', ...more] = wrapped(visible(sentence), width - indent);
    const name = padded(fitted(names[index]!, nameColumns), nameColumns);
    const word = DECISIONS[decision](paint)(padded(decision, DECISION_COLUMNS));
    const count = padded(warnings.length === 0 ? '' : String(warnings.length), WARNING_COLUMNS);
    return [`${name}  ${word}${paint.yellow(count)}${first}`, ...more.map((line) => ' '.repeat(indent) + line)];
  });
  return [paint.bold(head), ...rows].map((line) => line.trimEnd());
}

const DECISIONS: Readonly<Record<PhotoReport['decision'], (paint: Palette) => Paint>> = {
  keep: ({ green }) => green,
  reserve: ({ dim }) => dim,
  drop: ({ red }) => red,
};

/** `Upper body  [########...|....]  50.0 % of 70 %, 14 photos x 1; 6 missing` */
function mixLine({ framing, target, kept, repeats, effective, missing }: MixLine, paint: Palette): string {
  const cell = (share: number) => Math.round((Math.min(100, Math.max(0, share)) / 100) * BAR_CELLS);
  const aim = Math.min(cell(target), BAR_CELLS - 1);
  const cells = Array.from({ length: BAR_CELLS }, (_, i) => (i === aim ? '|' : i < cell(effective) ? '#' : '.'));
  const more = missing > 0 ? paint.yellow(`; ${missing} missing`) : '';
  return `${padded(FRAMING_WORDS[framing], 10)}  [${cells.join('')}]  ${effective.toFixed(1)} % of ${target} %, ${counted(kept, 'photo')} x ${repeats}${more}`;
}

function listed(title: string, sentences: readonly string[], width: number, paint: Palette): string[] {
  if (sentences.length === 0) return [];
  const items = sentences.flatMap((sentence, index) => {
    const number = `${index + 1}. `;
    return wrapped(visible(sentence), width - number.length).map(
      (line, i) => (i === 0 ? number : ' '.repeat(number.length)) + line,
    );
  });
  return [paint.bold(title), ...items];
}

const VERDICTS: Readonly<Record<CurationReport['verdict'], (paint: Palette) => string>> = {
  pass: ({ green }) => green('Pass.'),
  warnings: ({ yellow }) => yellow('Passes, with warnings.'),
  blocked: ({ red }) => red('Blocked.'),
};

function verdictLines(report: CurationReport, width: number, paint: Palette): string[] {
  return [VERDICTS[report.verdict](paint), ...wrapped(summarise(report), width)];
}

function palette(colour: boolean): Palette {
  const code =
    (start: number, end: number): Paint =>
    (text) =>
      colour && text.trim() !== '' ? `\u001b[${start}m${text}\u001b[${end}m` : text;
  return { green: code(32, 39), red: code(31, 39), yellow: code(33, 39), dim: code(2, 22), bold: code(1, 22) };
}
