import { Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { servers } from './provided.ts';

/** A client's connection to the run's Temporal server. Close it when the file is done. */
export async function temporalConnection(): Promise<{ readonly connection: Connection; readonly namespace: string }> {
  const { address, namespace } = servers().temporal;
  return { connection: await Connection.connect({ address }), namespace };
}

/** A worker's connection to the run's Temporal server. Close it when the file is done. */
export async function nativeTemporalConnection(): Promise<{
  readonly connection: NativeConnection;
  readonly namespace: string;
}> {
  const { address, namespace } = servers().temporal;
  return { connection: await NativeConnection.connect({ address }), namespace };
}
