import { Context } from '@temporalio/activity';

export interface SweepCounts {
  readonly alive: number;
  readonly orphaned: number;
  readonly swept: number;
  readonly leakedMs: number;
}

/** Tells the worker's metrics what a sweep has found. Without METRICS_ADDRESS nobody listens. */
export function countSweep({ alive, orphaned, swept, leakedMs }: SweepCounts): void {
  const meter = Context.current().metricMeter;
  meter.createGauge('tempera_pods_alive', 'int', undefined, 'Pods that the last sweep found').set(alive);
  meter.createGauge('tempera_pods_orphaned', 'int', undefined, 'Pods of nobody that the last sweep left').set(orphaned);
  meter.createCounter('tempera_pods_swept', undefined, 'Pods that the sweeper has ended').add(swept);
  meter
    .createCounter('tempera_pod_leaked_seconds', undefined, 'Time that pods of nobody lived beyond sweep and grace')
    .add(Math.round(leakedMs / 1_000));
}
