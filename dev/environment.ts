import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { readSettings } from '../config/env.ts';
import type { Settings } from '../config/env.ts';

type Environment = Record<string, string | undefined>;

/** What the worker and the API need to know; names as in config/env.ts. */
export interface EnvironmentParts {
  /** Folder for local state. */
  readonly home: string;
  readonly databaseUrl: string;
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl?: string };
  /**
   * One world of the emulated cloud: `<emulator>/w/<name>`. Null leaves RUNPOD_* and HF_* as they are: the real
   * vendors.
   */
  readonly worldUrl: string | null;
  readonly api: { readonly host: string; readonly port: number };
  /** Anything else; takes precedence. */
  readonly extra?: Environment;
}

/** The environment of the worker and the API: ours, without settings that point to another Temporal server. */
export function processEnvironment(parts: EnvironmentParts, base: Environment = process.env): Environment {
  const { home, databaseUrl, temporal, worldUrl, api } = parts;
  const inherited = Object.fromEntries(Object.entries(base).filter(([name]) => !name.startsWith('TEMPORAL_')));
  return {
    ...inherited,
    // glibc's allocator keeps a pool per thread: another 300 MiB in the three workers
    // (docs/decisions/compiled-programs.md).
    MALLOC_ARENA_MAX: base['MALLOC_ARENA_MAX'] || '2',
    TEMPERA_ENV: base['TEMPERA_ENV'] || 'dev',
    TEMPERA_HOME: home,
    TEMPERA_SECRET: base['TEMPERA_SECRET'] || readSecret(join(home, 'secret')),
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_CONFIG_FILE: emptyProfile(join(home, 'temporal.toml')),
    TEMPORAL_UI_URL: temporal.uiUrl,
    API_HOST: api.host,
    API_PORT: String(api.port),
    OBJECT_STORE: base['OBJECT_STORE'] || 'filesystem',
    LOG_LEVEL: base['LOG_LEVEL'] || 'info',
    ...(worldUrl === null ? {} : emulatedCloud(worldUrl)),
    ...parts.extra,
  };
}

/**
 * Checks what a person has set, before anything is started; what the stack sets by itself is left out. Throws
 * SettingsError with every fault.
 */
export function checkEnvironment(home: string, extra: Environment = {}, base: Environment = process.env): Settings {
  const inherited = Object.fromEntries(Object.entries(base).filter(([name]) => !name.startsWith('TEMPORAL_')));
  return readSettings(
    {
      ...inherited,
      TEMPERA_HOME: home,
      TEMPERA_SECRET: base['TEMPERA_SECRET'] || 'made by the stack, at its first start',
      DATABASE_URL: base['DATABASE_URL'] || 'postgresql://127.0.0.1/tempera',
      RUNPOD_API_KEY: base['RUNPOD_API_KEY'] || 'emulated',
      TEMPORAL_CONFIG_FILE: undefined,
      ...extra,
    },
    { rentsPods: true },
  );
}

function emulatedCloud(worldUrl: string): Environment {
  return {
    RUNPOD_API_KEY: 'emulated',
    RUNPOD_API_URL: `${worldUrl}/runpod`,
    RUNPOD_PROXY_TEMPLATE: `${worldUrl}/proxy/{podId}/{port}`,
    HF_TOKEN: 'hf_emulated',
    HF_HUB_URL: `${worldUrl}/hub`,
    // The namespace of the emulator's token.
    PUBLISH_HF_NAMESPACES: 'tempera-demo',
  };
}

/**
 * A person's own profile may contain TLS or an API key for another cluster: this one is empty. A file without any
 * profile makes the SDK fail (@temporalio/envconfig 1.24.0).
 */
function emptyProfile(file: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '[profile.default]\n', { mode: 0o600 });
  return file;
}

/** The app key of this folder, created once: pods that outlive a restart are found with it. */
export function readSecret(file: string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 });
  }
  return readFileSync(file, 'utf8').trim();
}
