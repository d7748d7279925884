/** What a person sees: plain lines, and one self-updating line where there is a terminal. */

const isTerminal = process.stdout.isTTY === true;
let live = '';

/** Prints a line, above the live one. */
export function say(line: string): void {
  if (live !== '') process.stdout.write(`\r\u001b[K${line}\n${live}`);
  else process.stdout.write(`${line}\n`);
}

/** Updates the live line; without a terminal it is printed as a separate line. */
export function show(line: string): void {
  if (!isTerminal) return void process.stdout.write(`${line}\n`);
  live = line.slice(0, (process.stdout.columns ?? 100) - 1);
  process.stdout.write(`\r\u001b[K${live}`);
}

/** Ends the live line. */
export function settle(): void {
  if (live !== '') process.stdout.write('\n');
  live = '';
}

/** `[#####.....]`, `width` cells wide. */
export function bar(share: number, width = 24): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]`;
}
