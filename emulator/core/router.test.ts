import { expect, test } from 'vitest';
import { createRouter } from './router.ts';

const find = createRouter([
  { name: 'file', path: '/files/(.+)', methods: { GET: 'read' } },
  { name: 'delete', path: '/files/delete', methods: { POST: 'delete' } },
  { name: 'part', path: '/jobs/{id}/part/([0-9]{2})(?:/(.*))?', methods: { PUT: 'put', GET: 'get' } },
]);

test('a path that fits two routes goes to the one that knows the method', () => {
  expect(find('POST', '/files/delete')).toMatchObject({ status: 'found', name: 'delete', handler: 'delete' });
  expect(find('GET', '/files/delete')).toMatchObject({ status: 'found', name: 'file', handler: 'read' });
});

test('segments and groups are handed over as sent, absent ones as empty texts', () => {
  expect(find('PUT', '/jobs/a%2Fb/part/07')).toMatchObject({ status: 'found', args: ['a%2Fb', '07', ''] });
  expect(find('GET', '/jobs/a/part/07/x/y')).toMatchObject({ status: 'found', args: ['a', '07', 'x/y'] });
});

test('a wrong method is told the right ones, and part of a path is no path', () => {
  expect(find('DELETE', '/jobs/a/part/07')).toEqual({ status: 'wrong method', name: 'part', allowed: ['PUT', 'GET'] });
  expect(find('GET', '/jobs/a/b/part/07')).toEqual({ status: 'unknown path' });
  expect(find('GET', '/x/files/a')).toEqual({ status: 'unknown path' });
});
