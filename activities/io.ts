/** Activities for the `io` role: many at once, all of them waiting. Workflows import the type only. */
import { awaitPodReady } from './await-pod-ready.ts';
import { bringHome } from './bring-home.ts';
import { raiseCeiling, warnOfBudget } from './budget.ts';
import { beginTraining } from './begin-training.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { downloadLora } from './download-lora.ts';
import { withFailures } from './failures.ts';
import { onPod } from './on-pod.ts';
import { provisionPod } from './provision-pod.ts';
import { publishLora, recordPublishFailed } from './publish-lora.ts';
import { endTraining, recordAttempt, recordPaused, requestCancel, settleTraining } from './record-outcome.ts';
import { restoreCheckpoint } from './restore-checkpoint.ts';
import { startTraining } from './start-training.ts';
import { ofItsRun } from './run-fence.ts';
import { sweepPods } from './sweep-pods.ts';
import { takeOver } from './take-over.ts';
import { tearDownPod } from './tear-down-pod.ts';
import { uploadDataset } from './upload-dataset.ts';
import { tellingWhyItWaits } from './waiting.ts';
import { watchTraining } from './watch-training.ts';

export function createIoActivities(deps: ActivityDependencies) {
  const step = <Input extends { readonly trainingId: string; readonly attempt?: number }, Result>(
    run: (input: Input) => Promise<Result>,
  ) => ofItsRun(deps, tellingWhyItWaits(deps, run));
  return withFailures({
    beginTraining: ofItsRun(deps, beginTraining(deps)),
    provisionPod: step(provisionPod(deps)),
    awaitPodReady: step(awaitPodReady(deps)),
    uploadDataset: step(onPod(deps, uploadDataset(deps))),
    restoreCheckpoint: step(onPod(deps, restoreCheckpoint(deps))),
    startTraining: step(onPod(deps, startTraining(deps))),
    watchTraining: step(watchTraining(deps)),
    bringHome: step(bringHome(deps)),
    downloadLora: step(onPod(deps, downloadLora(deps))),
    publishLora: step(publishLora(deps)),
    recordPublishFailed: ofItsRun(deps, recordPublishFailed(deps)),
    settleTraining: step(settleTraining(deps)),
    endTraining: ofItsRun(deps, endTraining(deps)),
    recordPaused: ofItsRun(deps, recordPaused(deps)),
    takeOver: takeOver(deps),
    // Harmless from any run: what is gone stays gone, and a closed row stays as it is.
    tearDownPod: tellingWhyItWaits(deps, tearDownPod(deps)),
    recordAttempt: recordAttempt(deps),
    raiseCeiling: raiseCeiling(deps),
    warnOfBudget: warnOfBudget(deps),
    requestCancel: requestCancel(deps),
    sweepPods: sweepPods(deps),
  });
}

export type IoActivities = ReturnType<typeof createIoActivities>;
