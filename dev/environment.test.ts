import { expect, test } from 'vitest';
import { checkEnvironment } from './environment.ts';

test('nothing has to be set for the local stack', () => {
  expect(() => checkEnvironment('/tmp/tempera', {}, {})).not.toThrow();
});

test('what is set is checked before anything is started, a connection to another Temporal left aside', () => {
  const base = { LOG_LEVEL: 'loud', DATABASE_URL: 'mysql://ada:hunter2@db/x', API_PORT: 'abc', TEMPORAL_TLS: 'maybe' };
  const check = () => checkEnvironment('/tmp/tempera', {}, base);

  expect(check).toThrow(/DATABASE_URL must.*LOG_LEVEL must|LOG_LEVEL must.*DATABASE_URL must/s);
  expect(check).toThrow('API_PORT must');
  expect(check).not.toThrow(/hunter2|TEMPORAL_TLS/);
});
