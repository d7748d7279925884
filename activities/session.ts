/** The trainer on a pod, and the job that it trains. */
import type { Job } from '../providers/backends/job.ts';
import type { TrainerSession, TrainerTarget } from '../providers/trainers/trainer.ts';
import type { ActivityDependencies } from './dependencies.ts';

interface PodPlace {
  readonly podId: string;
  readonly podName: string;
}

/** A step on a pod. */
export interface PodStepInput extends PodPlace {
  readonly trainingId: string;
  readonly attempt: number;
}

/**
 * Where a pod's trainer answers. Derived each time: neither address nor password is ever stored or sent through
 * Temporal.
 */
export function targetOf({ compute, trainer, secrets }: ActivityDependencies, pod: PodPlace): TrainerTarget {
  return { baseUrl: compute.portUrl(pod.podId, trainer.port), password: secrets.password(pod.podName) };
}

export function sessionOf(deps: ActivityDependencies, pod: PodPlace): TrainerSession {
  return deps.trainer.at(targetOf(deps, pod));
}

export function jobOf(deps: ActivityDependencies, { jobId, ...pod }: PodPlace & { readonly jobId: string }): Job {
  return sessionOf(deps, pod).job(jobId);
}
