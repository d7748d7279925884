import { inject } from 'vitest';

/** Addresses of the servers that tests/support/global-setup.ts started for this run. */
export interface Servers {
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string };
  readonly database: { readonly adminUrl: string; readonly template: string };
  /** The emulated cloud, or why it did not start: only tests that need it fail then. */
  readonly emulator: { readonly url: string } | { readonly broken: string };
  /** An S3 server, or why there is none. */
  readonly s3: S3Access | { readonly missing: string };
}

export interface S3Access {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    servers: Servers;
  }
}

/** The servers of this run. Only in tests of the project `servers`. */
export function servers(): Servers {
  return inject('servers');
}
