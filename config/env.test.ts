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
