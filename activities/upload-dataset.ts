import type { ActivityDependencies } from './dependencies.ts';
import { readManifest, readObject } from './dataset-manifest.ts';
import { enterPhase } from './fence.ts';
import { sessionOf } from './session.ts';
import type { PodStepInput } from './session.ts';
import { currentStep } from './step.ts';

export interface UploadDatasetInput extends PodStepInput {
  readonly manifestKey: string;
}

/** Sends the curated photos and captions to the pod; a retry continues after the last photo that arrived. */
export function uploadDataset(deps: ActivityDependencies) {
  return async (input: UploadDatasetInput): Promise<{ readonly photos: number }> => {
    const step = currentStep();
    await enterPhase(deps, {
      trainingId: input.trainingId,
      phase: 'uploading',
      attempt: input.attempt,
      nth: input.podName,
    });
    const manifest = await readManifest(deps.store, input.manifestKey, step.signal);
    const from = typeof step.cursor === 'number' ? step.cursor : 0;
    step.heartbeat(from);
    const beat = setInterval(() => step.heartbeat(), 1_000);
    try {
      // Each request has a time limit of its own, so a hang cannot look alive for long.
      await sessionOf(deps, input).uploadDataset({
        datasetName: deps.secrets.datasetName(input.trainingId),
        photos: manifest.photos.map((photo) => ({
          filename: photo.filename,
          caption: photo.caption,
          sizeBytes: photo.sizeBytes,
          folder: photo.folder,
          read: () => readObject(deps.store, photo.key, step.signal),
        })),
        from,
        onProgress: (uploaded) => step.heartbeat(uploaded),
        signal: step.signal,
      });
    } finally {
      clearInterval(beat);
    }
    return { photos: manifest.photos.length };
  };
}
