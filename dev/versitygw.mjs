// An S3 server for tests, built through the Go module proxy. Plain JavaScript without dependencies.
import { cachedOrMade } from './cache.mjs';
import { programIn, runGo } from './go.mjs';

const VERSION = '1.7.0';

/** Returns { path }, or { missing } with the reason in one sentence. */
export async function resolveVersitygw() {
  // dev/run.mjs has already tried.
  const { VERSITYGW_PATH, VERSITYGW_MISSING } = process.env;
  if (VERSITYGW_PATH) return { path: VERSITYGW_PATH };
  if (VERSITYGW_MISSING) return { missing: VERSITYGW_MISSING };
  const result = await cachedOrMade({ name: 'versitygw', version: VERSION, makers: [build] });
  return result.path ? { path: result.path } : { missing: result.reasons.join('; ') };
}

async function build(draft) {
  await runGo({
    args: ['install', '-trimpath', `github.com/versity/versitygw/cmd/versitygw@v${VERSION}`],
    cwd: draft,
    env: { GOBIN: draft },
    needs: [1, 25, 0],
    title: `building the S3 test server versitygw ${VERSION}`,
    effort: 'about a minute',
  });
  return programIn(draft, 'versitygw');
}
