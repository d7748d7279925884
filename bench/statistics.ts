/** Figures of a benchmark: order statistics, small tables, and targets. */

export interface Summary {
  readonly median: number;
  readonly p90: number;
  readonly min: number;
  readonly max: number;
}

/** Order statistics by nearest rank; the median of an even count is the mean of the middle two. */
export function summarise(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = values.toSorted((a, b) => a - b);
  const at = (rank: number) => sorted[Math.min(sorted.length - 1, Math.max(0, rank))] ?? 0;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    p90: at(Math.ceil(sorted.length * 0.9) - 1),
    min: at(0),
    max: at(sorted.length - 1),
  };
}

export function median(values: readonly number[]): number {
  return summarise(values).median;
}

/** Lines of a table: the first column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

/** A target, and what was measured. */
export interface Target {
  readonly name: string;
  readonly unit: 'ms' | 'ratio' | 'MiB' | 'photos/s' | 'events' | 'calls' | 'trainings';
  readonly measured: number;
  readonly limit: number;
  /** Whether the limit is the most or the least that is allowed. */
  readonly kind: 'at most' | 'at least';
}

export function isMet({ kind, measured, limit }: Target): boolean {
  return kind === 'at most' ? measured <= limit : measured >= limit;
}

/** A figure with its unit, rounded to a sensible precision. */
export function withUnit(value: number, unit: Target['unit']): string {
  if (unit === 'ratio') return value.toFixed(2);
  return `${unit === 'photos/s' ? value.toFixed(1) : Math.round(value).toLocaleString('en-US')} ${unit}`;
}

/** One sentence per target; a missed one says by how much. */
export function verdict(target: Target): string {
  const { name, unit, measured, limit, kind } = target;
  const text = (value: number) => withUnit(value, unit);
  const bound = `${kind} ${text(limit)}`;
  if (isMet(target)) return `met     ${name}: ${text(measured)} (${bound})`;
  return `MISSED  ${name}: ${text(measured)} (${bound}), by ${text(Math.abs(measured - limit))}`;
}
