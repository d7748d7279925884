import { expect, test } from 'vitest';
import { isDatabaseUnavailable } from './database-errors.ts';

test.each([
  { code: 'P1001' },
  { code: 'P2028' },
  { name: 'PrismaClientInitializationError' },
  { message: 'timeout exceeded when trying to connect' },
  { code: 'P2010', meta: { driverAdapterError: { cause: { kind: 'DatabaseNotReachable' } } } },
  { cause: { errors: [{ code: 'ECONNREFUSED' }] } },
  { cause: { originalCode: '57P01' } },
])('%j means that the database is away', (error) => {
  expect(isDatabaseUnavailable(error)).toBe(true);
});

test.each([{ code: 'P2002' }, { code: 'ECONNREFUSED' }, new Error('no'), null, 'text'])('%j does not', (error) => {
  expect(isDatabaseUnavailable(error)).toBe(false);
});
