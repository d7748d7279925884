import type { TelemetryOptions } from '@temporalio/worker';

/**
 * Serves the SDK's metrics and our own at `http://<address>/metrics`, with the names and units that Prometheus expects.
 */
export function metricsFor(bindAddress: string): TelemetryOptions {
  const prometheus = { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
  return { metrics: { prometheus } };
}
