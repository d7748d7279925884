import type { TelemetryOptions } from '@temporalio/worker';

/** Serves the SDK's metrics and our own at `http://<address>/metrics`, named and in units as Prometheus wants them. */
export function metricsFor(bindAddress: string): TelemetryOptions {
  const prometheus = { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
  return { metrics: { prometheus } };
}
