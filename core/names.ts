/** Names that carry meaning. Anything that must be unguessable is made in providers/pod-secrets.ts instead. */

/** The part of a training's id used in names: its last 16 hex digits (UUID v7: 62 of those bits are random). */
export function shortTrainingId(trainingId: string): string {
  return trainingId.replaceAll('-', '').slice(-16);
}

interface PodNameParts {
  readonly environment: string;
  readonly trainingId: string;
  readonly attempt: number;
  /** Counts the pods of one attempt, from 1. */
  readonly pod: number;
}

/** Prefix of every pod of an installation: the mark of ownership that the sweeper relies on. */
export function podNamePrefix(environment: string): string {
  return `tempera-${environment}-`;
}

/**
 * `tempera-<env>-<id>-a<attempt>p<n>`: unique per pod, at most 60 characters (dstack's limit; the vendor's is unknown).
 */
export function podName({ environment, trainingId, attempt, pod }: PodNameParts): string {
  return `${podNamePrefix(environment)}${shortTrainingId(trainingId)}-a${attempt}p${pod}`;
}
