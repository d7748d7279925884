import { TemperaError } from './failure.ts';
import { TimeLimitError } from './time-limit.ts';

/** Why RunPod did not answer a question, as a sentence for people; says neither key nor query. */
export function vendorTrouble(error: unknown): string {
  if (error instanceof TimeLimitError) return `RunPod has not answered within ${error.limitMs / 1_000} s.`;
  if (!(error instanceof TemperaError)) return 'RunPod could not be asked.';
  switch (error.code) {
    case 'AUTH':
      return 'RunPod refuses the key of this installation (RUNPOD_API_KEY).';
    case 'RATE_LIMITED':
      return 'RunPod asks this installation for a slower pace.';
    default:
      return `${error.message}.`;
  }
}
