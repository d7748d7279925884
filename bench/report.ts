import { say } from '../dev/terminal.ts';
import { isMet, verdict } from './statistics.ts';
import type { Target } from './statistics.ts';

export interface BenchReport {
  readonly targets: readonly Target[];
  /** Parts that could not be measured, with the reason. */
  readonly skipped: readonly string[];
  readonly figures: object;
}

/** Prints the verdicts, or everything as JSON, and gives the exit code: 1 when a target was missed. */
export function conclude({ targets, skipped, figures }: BenchReport, asJson: boolean): number {
  const missed = targets.filter((target) => !isMet(target));
  if (asJson) {
    say(
      JSON.stringify(
        { targets: targets.map((target) => ({ ...target, met: isMet(target) })), skipped, figures },
        null,
        2,
      ),
    );
  } else {
    say('');
    for (const target of targets) say(verdict(target));
    for (const reason of skipped) say(`skipped ${reason}`);
  }
  return missed.length === 0 ? 0 : 1;
}
