import type { Pod } from '../providers/compute/compute.ts';
import type { ActivityDependencies } from './dependencies.ts';

export interface Orphan {
  /** Why the pod has no owner, for people. */
  readonly why: string;
  /** Since when, as far as is known. */
  readonly since: Date;
  /**
   * What the ledger has under the pod's name: nothing, a row for another pod, a row without a pod yet, or this pod's
   * row.
   */
  readonly row: 'none' | 'of_another_pod' | 'without_pod' | 'of_this_pod';
}

/**
 * Says why a pod has no owner; null when a running training uses it. Throws PROVIDER_UNAVAILABLE when Temporal cannot
 * say.
 */
export async function judgePod({ repositories, workflows }: ActivityDependencies, pod: Pod): Promise<Orphan | null> {
  const owner = await repositories.sweeps.findOwner(pod.name);
  if (!owner) return { why: 'no training requested it', since: pod.createdAt, row: 'none' };
  if (owner.externalId !== null && owner.externalId !== pod.id)
    return { why: 'another pod with its name is the one in use', since: pod.createdAt, row: 'of_another_pod' };
  const row = owner.externalId === null ? 'without_pod' : 'of_this_pod';
  if (owner.supersededAt !== null)
    return { why: 'its training is on a later pod', since: later(owner.supersededAt, pod), row };
  if (await workflows.isOpen(owner.workflowId)) return null;
  const endedAt = await workflows.closedAt(owner.workflowId);
  return { why: 'its training has ended', since: later(endedAt, pod), row };
}

/** A pod that was created after it had lost its owner has been an orphan all its life. */
function later(at: Date | null, { createdAt }: Pod): Date {
  return at !== null && at > createdAt ? at : createdAt;
}
