import type { Artifact, ArtifactFile } from '../core/artifact.ts';
import { BASE_MODEL_FACTS } from '../core/base-model.ts';
import { TemperaError } from '../core/failure.ts';
import type { Job, JobFile } from '../providers/backends/job.ts';
import { loadTraining } from './begin-training.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { enterPhase, notInUse } from './fence.ts';
import { currentStep } from './step.ts';
import type { Step } from './step.ts';
import { jobOf } from './session.ts';
import type { PodStepInput } from './session.ts';
import { copyVerified } from './verified-copy.ts';

export interface DownloadLoraInput extends PodStepInput {
  readonly jobId: string;
  /** Step of the finished training. */
  readonly step: number;
}

/** A file that fails verification is fetched twice more before the attempt is given up. */
const TRIES = 3;

/**
 * Brings the final weights into the object store, verified by size, safetensors structure and SHA-256.
 * Throws ARTIFACT_INVALID after three fetches of a file that is incomplete, or when the trainer has no final file.
 */
export function downloadLora(deps: ActivityDependencies) {
  return async (input: DownloadLoraInput): Promise<Artifact> => {
    const step = currentStep();
    const training = await loadTraining(deps, input.trainingId);
    await enterPhase(deps, {
      trainingId: training.id,
      phase: 'downloading',
      attempt: input.attempt,
      nth: input.podName,
    });
    const expected = BASE_MODEL_FACTS[training.request.baseModel].filesPerCheckpoint;
    const job = jobOf(deps, input);
    const listed = await job.files(step.signal);
    const finals = listed.filter((file) => file.step === null).toSorted((a, b) => a.filename.localeCompare(b.filename));
    if (finals.length !== expected) {
      throw new TemperaError(
        'ARTIFACT_INVALID',
        `The trainer finished with ${finals.length} final weights files instead of ${expected}`,
      );
    }
    const files: ArtifactFile[] = [];
    for (const file of finals)
      files.push(await fetchFile(deps, input, job, file, artifactName(training.name, file.filename), step));
    const artifact = { files, step: input.step };
    // A step that lost Temporal and comes back late must not replace what a later attempt has stored.
    if (!(await deps.repositories.trainings.recordArtifact(input, artifact))) throw notInUse(input);
    return artifact;
  };
}

async function fetchFile(
  deps: ActivityDependencies,
  input: DownloadLoraInput,
  job: Job,
  file: JobFile,
  name: string,
  step: Step,
): Promise<ArtifactFile> {
  const key = `trainings/${input.trainingId}/artifacts/a${input.attempt}/${name}`;
  for (let tried = 1; ; tried += 1) {
    try {
      const stored = await copyVerified(deps.store, {
        job,
        file,
        key,
        onBytes: throttledBeat(step),
        signal: step.signal,
      });
      if (stored.step !== null && stored.step < input.step) {
        throw new TemperaError('ARTIFACT_INVALID', `The final weights are of step ${stored.step}, not ${input.step}`);
      }
      return { name, key, sizeBytes: stored.sizeBytes, sha256: stored.sha256 };
    } catch (error) {
      const again = error instanceof TemperaError && error.code === 'ARTIFACT_INVALID' && tried < TRIES;
      if (!again) throw error;
    }
  }
}

/** Heartbeats at most twice a second: at 500 MB/s one per chunk would cost more than the chunk. */
export function throttledBeat(step: Step): (bytes: number) => void {
  let last = 0;
  return () => {
    const now = Date.now();
    if (now - last < 500) return;
    last = now;
    step.heartbeat();
  };
}

/**
 * The trainer's file names are unguessable; people get the training's own name, and Wan's two experts keep their
 * suffix.
 */
function artifactName(trainingName: string, filename: string): string {
  const slug = trainingName
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60);
  const suffix = /_(high_noise|low_noise)\.safetensors$/.exec(filename)?.[0] ?? '.safetensors';
  return `${slug || 'lora'}${suffix}`;
}
