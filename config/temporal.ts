/**
 * Temporal's own configuration: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TLS, profiles. All of it comes
 * from the environment.
 */
import { accessSync, constants } from 'node:fs';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Environment } from './reader.ts';

/** Connection options and namespace for clients and workers alike. */
export function temporalConnection() {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return { connectionOptions, namespace: namespace ?? 'default' };
}

/** The SDK takes "1" and "true" for yes and everything else for no: "yes" would send the API key in the clear. */
const SWITCHES = ['TEMPORAL_TLS', 'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION'];
const FILES = [
  'TEMPORAL_CONFIG_FILE',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
];

/** What is wrong with Temporal's variables, one sentence each, without anything of the files that they name. */
export function temporalFaults(env: Environment): string[] {
  const faults: string[] = [];
  for (const name of SWITCHES)
    if (env[name] !== undefined && !/^(?:1|0|true|false)$/.test(env[name]))
      faults.push(`${name} must be true or false`);
  const address = env['TEMPORAL_ADDRESS'];
  if (address !== undefined && !/^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/.test(address))
    faults.push('TEMPORAL_ADDRESS must be a host and a port, such as localhost:7233');
  for (const name of FILES) {
    const path = env[name];
    if (path === undefined) continue;
    try {
      accessSync(path, constants.R_OK);
    } catch (error) {
      faults.push(`${name} is ${path}, which cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  }
  // A further fault could be only another side of one above.
  if (faults.length === 0) faults.push(...profileFaults(env));
  return faults;
}

function profileFaults(env: Environment): string[] {
  try {
    const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
    return [];
  } catch (error) {
    const { message } = error as Error;
    if (message.startsWith('Profile '))
      return [`TEMPORAL_PROFILE names a profile that the configuration file does not have`];
    // A parser shows the lines that it stumbles over, and they may hold a key.
    const what = message.startsWith('Validation error') ? message.split('\n')[0] : 'it is not valid TOML';
    return [`TEMPORAL_CONFIG_FILE (or Temporal's default profile file) is not usable: ${what}`];
  }
}
