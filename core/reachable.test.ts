import { describe, expect, it } from 'vitest';
import { isPrivateUrl } from './reachable.ts';

describe('isPrivateUrl', () => {
  it.each([
    'http://127.0.0.1:8080',
    'http://localhost:8080/v1',
    'http://api:8080',
    'https://nas.local/x',
    'http://10.1.2.3',
    'http://172.16.0.1',
    'http://192.168.1.5:9000',
    'http://169.254.1.1',
    'http://0.0.0.0:80',
    'http://[::1]:80',
    'http://[fd00::1]',
    'http://[fe80::1]',
    'http://[::ffff:127.0.0.1]',
  ])('%s is reached from inside only', (url) => {
    expect(isPrivateUrl(url)).toBe(true);
  });

  it.each([
    'https://tempera.example.org',
    'https://bucket.s3.eu-central-1.amazonaws.com/key?X-Amz-Signature=1',
    'http://172.32.0.1',
    'http://8.8.8.8:80',
    'http://[2001:db8::1]',
    'https://localhost.example.org',
  ])('%s may be reached from outside', (url) => {
    expect(isPrivateUrl(url)).toBe(false);
  });
});
