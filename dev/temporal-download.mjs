// Lets Temporal's SDK fetch its CLI into a folder: `node temporal-download.mjs <folder> <version>`.
// The SDK starts the server right after the download, so this stops it again.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [folder, version] = process.argv.slice(2);

try {
  const executable = { type: 'cached-download', downloadDir: folder, version, ttl: '10 years' };
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error.message.split('\n')[0]}\n`);
  process.exit(1);
}
