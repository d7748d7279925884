/**
 * `npm run bootstrap`: gives a real cluster's namespace the retention and search attributes of temporal-dev.yaml. The
 * connection is Temporal's own configuration: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TLS, or a
 * profile.
 */
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { readTemporalDevConfig } from '../config/temporal-dev.ts';
import { prepareNamespace } from './temporal-namespace.ts';

const config = readTemporalDevConfig();
const { connectionOptions, namespace = config.namespace.name } = loadClientConnectConfig();
const address = connectionOptions.address ?? '127.0.0.1:7233';
try {
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '10 seconds' });
  try {
    const changes = await prepareNamespace(connection, config, namespace);
    for (const change of changes) process.stdout.write(`${change}\n`);
    process.stdout.write(
      `namespace ${namespace} at ${address} is ${changes.length === 0 ? 'as it should be; nothing was changed' : 'ready'}\n`,
    );
  } finally {
    await connection.close();
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`The namespace ${namespace} at ${address} could not be prepared: ${message}\n`);
  process.exitCode = 1;
}
