import { Context } from '@temporalio/activity';

export interface SweepCounts {
  readonly alive: number;
  readonly orphaned: number;
  readonly swept: number;
  readonly leakedMs: number;
}

/** Records what a sweep has found in the worker's metrics. Without METRICS_ADDRESS nothing serves them. */
export function countSweep({ alive, orphaned, swept, leakedMs }: SweepCounts): void {
  const meter = Context.current().metricMeter;
  meter.createGauge('tempera_pods_alive', 'int', undefined, 'Pods found by the last sweep').set(alive);
  meter
    .createGauge('tempera_pods_orphaned', 'int', undefined, 'Orphaned pods left alive by the last sweep')
    .set(orphaned);
  meter.createCounter('tempera_pods_swept', undefined, 'Pods terminated by the sweeper').add(swept);
  meter
    .createCounter(
      'tempera_pod_leaked_seconds',
      undefined,
      'Time that orphaned pods lived beyond the sweep interval and grace period',
    )
    .add(Math.round(leakedMs / 1_000));
}
