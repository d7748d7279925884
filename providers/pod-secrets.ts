/**
 * Names and passwords that nobody can guess and nobody has to store: each is an HMAC under the app key. They matter
 * because AI Toolkit leaves `/api/files/` and `/api/img/` public even with a password (commit 27a03a91, 2026-08-21):
 * anyone who knows a pod's address and a path can read photos and weights.
 */
import { createHmac } from 'node:crypto';

export interface PodSecrets {
  /** Password of the trainer on the pod of this name. */
  password(podName: string): string;
  /**
   * Name of the training's job on the trainer: `lora_` and 16 hex digits. Stays the same across attempts, so that files
   * match on resume.
   */
  jobName(trainingId: string): string;
  /** Name of the dataset's folder on the trainer: `ds_` and 16 hex digits. */
  datasetName(trainingId: string): string;
}

/** Derives them all from the app key. */
export function createPodSecrets(secret: string): PodSecrets {
  const derive = (purpose: string, id: string) => createHmac('sha256', secret).update(`${purpose}:${id}`).digest('hex');
  return {
    password: (podName) => derive('pod-password', podName),
    jobName: (trainingId) => `lora_${derive('job', trainingId).slice(0, 16)}`,
    datasetName: (trainingId) => `ds_${derive('dataset', trainingId).slice(0, 16)}`,
  };
}
