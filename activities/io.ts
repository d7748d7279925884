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
import { sweepPods } from './sweep-pods.ts';
import { tearDownPod } from './tear-down-pod.ts';
import { uploadDataset } from './upload-dataset.ts';
import { watchTraining } from './watch-training.ts';

export function createIoActivities(deps: ActivityDependencies) {
  return withFailures({
    beginTraining: beginTraining(deps),
    provisionPod: provisionPod(deps),
    awaitPodReady: awaitPodReady(deps),
    uploadDataset: onPod(deps, uploadDataset(deps)),
    restoreCheckpoint: onPod(deps, restoreCheckpoint(deps)),
    startTraining: onPod(deps, startTraining(deps)),
    watchTraining: watchTraining(deps),
    bringHome: bringHome(deps),
    downloadLora: onPod(deps, downloadLora(deps)),
    tearDownPod: tearDownPod(deps),
    publishLora: publishLora(deps),
    recordPublishFailed: recordPublishFailed(deps),
    recordAttempt: recordAttempt(deps),
    settleTraining: settleTraining(deps),
    endTraining: endTraining(deps),
    recordPaused: recordPaused(deps),
    raiseCeiling: raiseCeiling(deps),
    warnOfBudget: warnOfBudget(deps),
    requestCancel: requestCancel(deps),
    sweepPods: sweepPods(deps),
  });
}

export type IoActivities = ReturnType<typeof createIoActivities>;
