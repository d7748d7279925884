/** The S3 test server's path, or why there is none. */
export function resolveVersitygw(): Promise<{ readonly path: string } | { readonly missing: string }>;
