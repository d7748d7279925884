/** Temporal's own configuration: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TLS, profiles. Environment only, no code. */
import { loadClientConnectConfig } from '@temporalio/envconfig';

/** Connection options and namespace for clients and workers alike. */
export function temporalConnection() {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return { connectionOptions, namespace: namespace ?? 'default' };
}
