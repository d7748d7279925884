import { describe, expect, test } from 'vitest';
import { destinationFaults } from './destination.ts';
import { isNamespace, NO_PUBLISHING, publishRefusal } from './publish-policy.ts';

const hub = (repo: string) => ({ kind: 'huggingface', repo }) as const;
const s3 = (bucket?: string) => ({ kind: 's3', bucket }) as const;

describe('publishRefusal', () => {
  const policy = { buckets: ['loras', 'shared'], namespaces: ['acme', 'studio/{user}-', '{user}'] };

  test.each([
    ['a namespace of everybody', hub('acme/mia')],
    ['a prefix of the user', hub('studio/u1-mia')],
    ['a namespace of the user', hub('u1/mia')],
    ['the usual bucket', s3()],
    ['an allowed bucket', s3('shared')],
  ])('allows %s', (_what, destination) => {
    expect(publishRefusal(policy, 'u1', destination)).toBeNull();
  });

  test.each([
    ['another namespace', hub('somebody/mia')],
    ['a namespace that only begins so', hub('acme-labs/mia')],
    ['another spelling of a namespace', hub('Acme/mia')],
    ['the prefix of another user', hub('studio/u2-mia')],
    ['the bare prefix', hub('studio/u1-')],
    ['the namespace of another user', hub('u2/mia')],
    ['a bucket that is not on the list', s3('photos')],
    ['another spelling of a bucket', s3('Shared')],
  ])('refuses %s and names what is allowed', (_what, destination) => {
    const refusal = publishRefusal(policy, 'u1', destination);

    expect(refusal).toMatch(/^(repo must begin with acme\/ or studio\/u1- or u1\/|bucket must be .*: loras, shared)$/);
    expect(refusal).not.toMatch(/u2|photos/);
  });

  test('refuses everything where nothing is configured', () => {
    expect(publishRefusal(NO_PUBLISHING, 'u1', hub('acme/mia'))).toContain('does not publish to the Hugging Face Hub');
    expect(publishRefusal(NO_PUBLISHING, 'u1', s3())).toContain('does not publish to S3');
  });
});

test.each(['acme', 'acme/{user}-', '{user}', 'a.b-c/x_'])('%s can be a namespace', (text) => {
  expect(isNamespace(text)).toBe(true);
});

test.each(['', '/', 'acme/', '/x', 'a/b/c', 'a b', '{users}', '*', 'acme/*'])('%j can be no namespace', (text) => {
  expect(isNamespace(text)).toBe(false);
});

test.each([
  'acme',
  'acme/mia/x',
  'acme/mia..x',
  'acme/mia--x',
  'acme/mia.git',
  'acme/mia.GIT',
  'acme/mia.',
  'acme/mia-',
  'acme-/mia',
  'datasets/mia',
  'Spaces/mia',
  'acme/mía',
  'acme/mia?x',
  'acme/mia%2e',
])('%s is no model repository', (repo) => {
  expect(destinationFaults(hub(repo))).toHaveLength(1);
});

test.each(['acme/mia', 'acme/Mia_1.5-v2'])('%s is a model repository', (repo) => {
  expect(destinationFaults(hub(repo))).toEqual([]);
});
