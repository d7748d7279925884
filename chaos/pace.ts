/** A training in seconds: every wait short, every limit far above what a busy machine of two cores needs. */
import type { Intervals } from '../core/interval.ts';

/** Intervals of the trainings. */
export const CHAOS_INTERVALS: Partial<Intervals> = {
  capacityWaitMs: [100, 200, 400],
  capacityTimeoutMs: 600_000,
  createTimeoutMs: 2_000,
  reconcileIntervalMs: 200,
  podReadyTimeoutMs: 12_000,
  readyPollMs: 250,
  watchPollMs: 250,
  watchFastPollMs: 100,
  startupTimeoutMs: 10_000,
  stallTimeoutMs: 8_000,
  podLostTimeoutMs: 12_000,
  trainingTimeoutMs: 600_000,
  retryWindowMs: 600_000,
  pauseSaveMs: 3_000,
  heartbeatTimeoutMs: 10_000,
  shortTimeoutMs: 15_000,
  transferTimeoutMs: 120_000,
  retryIntervalMs: 100,
  // More than the short failures that a plan can give one attempt.
  maxStepTries: 12,
};

/** The emulated vendors' own delays and sizes. */
export const QUICK_CLOUD = {
  bookFiles: true,
  rateLimit: null,
  loraBytes: 60_000,
  optimizerBytes: 20_000,
  // Small files take the same path as large ones.
  hubLfsBytes: 10_000,
  delaysMs: {
    provisioning: 50,
    starting: 20,
    ports: 20,
    app: 50,
    ui: 100,
    workerTick: 50,
    modelLoad: 100,
    datasetLoad: 20,
    step: 20,
    save: 20,
    sample: 5,
  },
};
