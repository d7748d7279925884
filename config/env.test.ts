import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SettingsError, readSettings } from './env.ts';

const BASE = { TEMPERA_SECRET: 'x'.repeat(32), DATABASE_URL: 'postgresql://localhost/tempera' };
const captionsOf = (env: Record<string, string>) => readSettings({ ...BASE, ...env }).captions;

describe('the caption service', () => {
  test('is off unless it is named', () => {
    expect(captionsOf({ CAPTION_API_KEY: 'k' })).toBeUndefined();
  });

  test('needs an address and a model; a key is optional', () => {
    const service = { CAPTION_BASE_URL: 'http://127.0.0.1:11434/v1/', CAPTION_MODEL: 'see-3' };

    expect(captionsOf(service)).toEqual({ baseUrl: 'http://127.0.0.1:11434/v1', model: 'see-3', apiKey: undefined });
    expect(captionsOf({ ...service, CAPTION_API_KEY: 'k' })).toMatchObject({ apiKey: 'k' });
    expect(() => captionsOf({ CAPTION_BASE_URL: 'http://a/v1' })).toThrow('CAPTION_MODEL is not set');
    expect(() => captionsOf({ CAPTION_MODEL: 'see-3' })).toThrow('CAPTION_BASE_URL is not set');
  });

  test.each(['ftp://a/v1', 'a/v1', 'http://ada:hunter2@a/v1', 'http://a/v1?key=hunter2'])(
    'has no address like %s, and none is repeated',
    (address) => {
      const read = () => captionsOf({ CAPTION_BASE_URL: address, CAPTION_MODEL: 'see-3' });

      expect(read).toThrow(SettingsError);
      expect(read).toThrow('CAPTION_BASE_URL');
      expect(read).not.toThrow('hunter2');
    },
  );
});

test('metrics are served only at an address with a port', () => {
  expect(readSettings(BASE).metricsAddress).toBeUndefined();
  expect(readSettings({ ...BASE, METRICS_ADDRESS: '0.0.0.0:9464' }).metricsAddress).toBe('0.0.0.0:9464');
  expect(() => readSettings({ ...BASE, METRICS_ADDRESS: '9464' })).toThrow('METRICS_ADDRESS');
});

describe('every variable', () => {
  const faultsOf = (env: Record<string, string>): string[] => {
    try {
      readSettings({ ...BASE, ...env });
      return [];
    } catch (error) {
      return [...(error as SettingsError).faults];
    }
  };

  test.each([
    ['LOG_LEVEL', 'loud'],
    ['DATABASE_URL', 'mysql://root:hunter2@db/tempera'],
    ['DATABASE_URL', 'postgresql://ada:hunter2@db:port/tempera'],
    ['DATABASE_URL', 'postgresql://ada:hunter2@db'],
    ['DATABASE_URL', 'hunter2'],
    ['DATABASE_URL', '   '],
    ['METRICS_ADDRESS', 'localhost:9464'],
    ['METRICS_ADDRESS', '127.0.0.1:99999'],
    ['API_HOST', 'http://127.0.0.1'],
    ['API_HOST', '127.0.0.1:8080'],
    ['API_PUBLIC_URL', 'http://'],
    ['API_PUBLIC_URL', 'tempera.example.org'],
    ['API_PUBLIC_URL', 'https://ada:hunter2@tempera.example.org'],
    ['API_PUBLIC_URL', 'https://tempera.example.org/?token=hunter2'],
    ['RUNPOD_PROXY_TEMPLATE', 'https://proxy.example.org/{podId}'],
    ['RUNPOD_PROXY_TEMPLATE', 'https://{podId}-{port}.exa mple.org'],
    ['RUNPOD_API_URL', 'https://ada:hunter2@api.example.org'],
    ['RUNPOD_API_KEY', 'rpa_hunter2 '],
    ['HF_TOKEN', 'hf_hunter2\n'],
    ['TEMPERA_SECRET', ' '.repeat(40)],
    ['TEMPERA_SECRET', 'hunter2'],
    ['TEMPERA_HOME', '/dev/null/tempera'],
    ['TEMPERA_HOME', import.meta.filename],
    ['TEMPORAL_TLS', 'yes'],
    ['TEMPORAL_TLS', 'True'],
    ['TEMPORAL_TLS_DISABLE_HOST_VERIFICATION', 'no'],
    ['TEMPORAL_TLS_CLIENT_KEY_PATH', '/nowhere/key.pem'],
    ['TEMPORAL_ADDRESS', 'https://temporal.example.org'],
    ['TEMPORAL_CONFIG_FILE', '/nowhere/temporal.toml'],
    ['TEMPORAL_PROFILE', 'prod'],
    ['S3_ENDPOINT', 'http://ada:hunter2@minio'],
    ['PUBLISH_S3_BUCKET', 'my bucket'],
  ])('%s cannot be %j: one sentence says so, without repeating what may be secret', (name, value) => {
    const faults = faultsOf({ [name]: value });

    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name} `));
    expect(faults[0]).not.toContain('hunter2');
    expect(faults[0]).not.toContain('\n');
  });

  test('is checked at once with all others', () => {
    const faults = faultsOf({
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'nowhere',
      TEMPERA_SECRET: 'short',
      API_PORT: '99999',
      TEMPORAL_TLS: 'maybe',
      TEMPERA_HOME: '/dev/null/x',
    });

    expect(faults.map((fault) => fault.split(' ')[0]!).toSorted()).toEqual([
      'API_PORT',
      'DATABASE_URL',
      'LOG_LEVEL',
      'TEMPERA_HOME',
      'TEMPERA_SECRET',
      'TEMPORAL_TLS',
    ]);
  });

  test.each<Record<string, string>>([
    { DATABASE_URL: 'postgres://ada:p%40ss@db.example.org:5433/tempera?sslmode=require' },
    { DATABASE_URL: 'postgresql:///tempera?host=/var/run/postgresql' },
    { LOG_LEVEL: 'debug', API_HOST: '::1', METRICS_ADDRESS: '[::1]:9464' },
    { API_HOST: 'localhost', API_PUBLIC_URL: 'https://tempera.example.org/api' },
    { TEMPORAL_TLS: 'true', TEMPORAL_ADDRESS: 'ns.acct.tmprl.cloud:7233' },
  ])('may be as in %j', (env) => {
    expect(faultsOf(env)).toEqual([]);
  });

  test('of a worker says that it needs a key, together with the rest', () => {
    const read = () => readSettings({ ...BASE, LOG_LEVEL: 'loud' }, { rentsPods: true });

    expect(read).toThrow(/LOG_LEVEL.*\n.*RUNPOD_API_KEY is not set/s);
  });

  test('a broken profile of Temporal is not repeated', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'tempera-env-')), 'temporal.toml');
    writeFileSync(file, '[profile.default]\napi_key = hunter2\n');

    const faults = faultsOf({ TEMPORAL_CONFIG_FILE: file });

    expect(faults).toEqual([expect.stringContaining('TEMPORAL_CONFIG_FILE')]);
    expect(faults[0]).not.toContain('hunter2');
  });
});

test('an address with an IPv6 host is well-formed', () => {
  expect(readSettings({ ...BASE, API_HOST: '::1' }).api.publicUrl).toBe('http://[::1]:8080');
});

describe('where may be published', () => {
  const publishingOf = (env: Record<string, string>) => readSettings({ ...BASE, ...env }).publishing;

  test('is nowhere unless it is said, with a token too', () => {
    expect(publishingOf({ HF_TOKEN: 'hf_x' })).toEqual({ buckets: [], namespaces: [] });
  });

  test('is a list of buckets and of places on the Hub', () => {
    expect(
      publishingOf({
        PUBLISH_S3_BUCKET: 'loras',
        PUBLISH_S3_BUCKETS: 'shared, loras,',
        PUBLISH_HF_NAMESPACES: 'acme, studio/{user}-',
      }),
    ).toEqual({ buckets: ['loras', 'shared'], namespaces: ['acme', 'studio/{user}-'] });
  });

  test.each([
    [{ PUBLISH_S3_BUCKETS: 'loras' }, 'PUBLISH_S3_BUCKET is not set'],
    [{ PUBLISH_S3_BUCKET: 'loras/x' }, 'names of S3 buckets'],
    [{ PUBLISH_S3_BUCKET: 'arn:aws:s3:::loras' }, 'names of S3 buckets'],
    [{ PUBLISH_HF_NAMESPACES: 'acme/*' }, 'PUBLISH_HF_NAMESPACES must be a list'],
    [{ OBJECT_STORE: 's3', S3_BUCKET: 'own', PUBLISH_S3_BUCKET: 'own' }, 'the object store, must not be among'],
    [
      { OBJECT_STORE: 's3', S3_BUCKET: 'Own', PUBLISH_S3_BUCKET: 'loras', PUBLISH_S3_BUCKETS: 'own' },
      'the object store, must not be among',
    ],
  ])('cannot be %j', (env, fault) => {
    expect(() => publishingOf(env)).toThrow(fault);
  });
});
