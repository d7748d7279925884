import type { Markup } from './markup.ts';
import { html } from './markup.ts';
import type { PhotoReport } from './report.ts';
import { counted } from './words.ts';

export interface Limit {
  readonly at: number;
  /** What values below it mean. */
  readonly label: string;
}

export interface HistogramFacts {
  readonly title: string;
  /** What the value means, for a first-time reader. */
  readonly meaning: string;
  readonly values: readonly { readonly value: number; readonly decision: PhotoReport['decision'] }[];
  readonly limits: readonly Limit[];
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  /** Equal steps are equal factors. */
  readonly logarithmic?: boolean;
  readonly format: (value: number) => string;
}

const WIDTH = 480;
const PLOT = { left: 28, right: 466, height: 120 };
/** Height of a line of limit labels. */
const LABEL_PX = 15;
const BINS = 24;
const STACK = ['keep', 'reserve', 'drop'] as const;

/** Draws how a value is spread over the photos, by decision, with its limits as lines. */
export function histogram(facts: HistogramFacts): Markup {
  const { title, meaning, values, limits, ticks, format } = facts;
  const place = scaleOf(facts);
  const top = limits.length * LABEL_PX + 6;
  const bottom = top + PLOT.height;
  const bins = binsOf(facts, place);
  const most = Math.max(1, ...bins.map(({ counts }) => STACK.reduce((sum, decision) => sum + counts[decision], 0)));
  const heightOf = (count: number) => (count / most) * PLOT.height;
  const x = (share: number) => PLOT.left + share * (PLOT.right - PLOT.left);
  const columns = bins.flatMap(({ start, end, counts }) => {
    let y = bottom;
    return STACK.filter((decision) => counts[decision] > 0).map((decision) => {
      const height = heightOf(counts[decision]);
      y -= height;
      const width = Math.max(1, x(end) - x(start) - 1.5);
      return html`<rect
        class="column ${decision}"
        x="${px(x(start))}"
        y="${px(y)}"
        width="${px(width)}"
        height="${px(height)}"
      />`;
    });
  });
  const lines = limits.map(({ at, label }, index) => {
    const atX = x(place(at));
    const flip = atX > WIDTH * 0.6;
    const y = (index + 1) * LABEL_PX - 4;
    return html`<g class="limit" data-limit="${at}">
      <line x1="${px(atX)}" x2="${px(atX)}" y1="${y - 9}" y2="${bottom}" />
      <text x="${px(atX + (flip ? -5 : 5))}" y="${y}" text-anchor="${flip ? 'end' : 'start'}"
        >${label} < ${format(at)}</text
      >
    </g>`;
  });
  const below = limits.map(
    ({ at, label }) =>
      `${counted(values.filter(({ value }) => value < at).length, 'photo')} below ${format(at)} (${label})`,
  );
  const sentence = `${counted(values.length, 'photo')} measured; ${below.join(', ')}.`;
  return html`<figure class="histogram">
    <figcaption>
      <h3>${title}</h3>
      <p>${meaning}</p>
    </figcaption>
    <svg viewBox="0 0 ${WIDTH} ${bottom + 22}" role="img" aria-label="Histogram of ${title}: ${sentence}">
      <text class="count" x="${PLOT.left - 5}" y="${top + 8}" text-anchor="end">${most}</text>
      <line class="axis" x1="${PLOT.left}" x2="${PLOT.right}" y1="${bottom}" y2="${bottom}" />
      ${columns} ${lines}
      ${ticks.map((tick) => html`<text class="tick" x="${px(x(place(tick)))}" y="${bottom + 16}" text-anchor="middle">${format(tick)}</text>`)}
    </svg>
    <p class="reading">${sentence}</p>
  </figure>`;
}

interface Bin {
  readonly start: number;
  readonly end: number;
  readonly counts: Record<PhotoReport['decision'], number>;
}

/**
 * Bin edges are aligned with the first limit, so that no column is on both sides of it; those at the ends are a little
 * wider.
 */
function binsOf({ values, limits }: HistogramFacts, place: (value: number) => number): Bin[] {
  const step = 1 / BINS;
  const anchor = limits[0] ? place(limits[0].at) : 0;
  const offset = anchor - Math.floor(anchor / step) * step;
  const inner = Array.from({ length: BINS + 1 }, (_, index) => offset + index * step);
  const edges = [0, ...inner.filter((edge) => edge > step / 2 && edge < 1 - step / 2), 1];
  const bins = edges
    .slice(1)
    .map((end, index) => ({ start: edges[index]!, end, counts: { keep: 0, reserve: 0, drop: 0 } }));
  for (const { value, decision } of values) {
    const at = place(value);
    const bin = bins.findLast(({ start }) => start <= at + 1e-9) ?? bins[0]!;
    bin.counts[decision]++;
  }
  return bins;
}

/** Maps a value to 0 (left) to 1 (right); what lies outside is shown at the edge. */
function scaleOf({ from, to, logarithmic = false }: HistogramFacts): (value: number) => number {
  const curve = logarithmic ? Math.log : (value: number) => value;
  return (value) => Math.min(1, Math.max(0, (curve(value) - curve(from)) / (curve(to) - curve(from))));
}

function px(value: number): string {
  return value.toFixed(1);
}
