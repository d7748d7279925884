/** The markdown that operators read on a run's page in the Web UI. Nothing secret: no address, no pod id, no prompt. */
import type { TrainingPlan } from '../activities/begin-training.ts';
import type { ProvisionedPod } from '../activities/provision-pod.ts';
import { failurePolicy } from '../core/failure.ts';
import { formatUsd } from '../core/money.ts';
import type { RestoredCheckpoint } from '../activities/restore-checkpoint.ts';
import type { ReportProgress, TrainingState } from './contract.ts';

interface Details {
  readonly state: TrainingState;
  readonly plan: TrainingPlan | null;
  readonly pod: ProvisionedPod | null;
  readonly progress: ReportProgress | null;
  readonly restored: RestoredCheckpoint | null;
  /** Why nothing is happening; null: something is. */
  readonly waiting: string | null;
  readonly maxAttempts: number;
}

export function describeTraining({ state, plan, pod, progress, restored, waiting, maxAttempts }: Details): string {
  const lines = [`**${state.status}**, phase **${state.phase}**`];
  if (plan) lines.push(`- ${plan.name}: ${plan.baseModel}, ${plan.steps} steps`);
  if (state.attemptOfSet > 0)
    lines.push(`- attempt ${state.attemptOfSet} of ${maxAttempts} (number ${state.attempt} in all)`);
  if (pod)
    lines.push(
      `- pod: ${pod.gpu ?? 'unknown GPU'} in ${pod.dataCenter ?? 'an unknown data center'}, ${formatUsd(pod.hourlyMicroUsd)} an hour`,
    );
  if (restored) lines.push(`- ${describeRestored(restored)}`);
  if (progress)
    lines.push(
      `- step ${progress.step} of ${progress.totalSteps}${progress.etaMs === null ? '' : `, about ${Math.ceil(progress.etaMs / 60_000)} min left`}`,
    );
  if (waiting) lines.push(`- waiting: ${waiting}`);
  if (state.costMicroUsd > 0) lines.push(`- cost so far: ${formatUsd(state.costMicroUsd)}`);
  if (state.ceilingMicroUsd !== null) lines.push(`- ceiling: ${formatUsd(state.ceilingMicroUsd)}`);
  if (state.reason)
    lines.push(`- **${state.reason}**: ${failurePolicy(state.reason).meaning} ${failurePolicy(state.reason).advice}`);
  if (state.phase === 'paused') lines.push('- waiting for the signal `resumeTraining`; no pod is running');
  if (state.phase === 'awaiting_retry') lines.push('- waiting for the signal `retryTraining`; no pod is running');
  return lines.join('\n');
}

/** "resumed at step 500; lost: 37 steps, 41 s, $0.0100". */
function describeRestored(restored: RestoredCheckpoint): string {
  if (restored.status === 'from_zero')
    return restored.lostSteps === 0
      ? 'began at step 0'
      : `began at step 0, ${restored.lostSteps} steps lost: ${restored.why}`;
  const without = restored.with === 'weights_only' ? ' without the optimizer’s state' : '';
  const lost = `${restored.lostSteps} steps, ${Math.round(restored.lostMs / 1_000)} s, ${formatUsd(restored.lostMicroUsd)}`;
  return `resumed at step ${restored.fromStep}${without}; lost: ${lost}`;
}
