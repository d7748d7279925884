// Lets Temporal's SDK fetch its CLI into a folder: `node temporal-download.mjs <folder> <version>`.
// The SDK starts the server right after the download, so this stops it again.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const HOST = 'https://temporal.download';
const [folder, version] = process.argv.slice(2);

// The SDK has no time limit of its own: a network that swallows packets would hold it for minutes.
const late = new AbortController();
const timer = setTimeout(() => late.abort(new Error('no answer within 8 s')), 8_000);
try {
  await fetch(HOST, { method: 'HEAD', signal: late.signal });
  clearTimeout(timer);
} catch (error) {
  process.stderr.write(`${HOST} cannot be reached (${error.cause?.code ?? error.message})\n`);
  process.exit(1);
}
try {
  const executable = { type: 'cached-download', downloadDir: folder, version, ttl: '10 years' };
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error.message.split('\n')[0]}\n`);
  process.exit(1);
}
