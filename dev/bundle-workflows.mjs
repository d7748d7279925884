// Bundles the workflows into one file, as Temporal's sandbox needs them: `node dev/bundle-workflows.mjs <file>`. From
// the sources, so that stack traces in the Web UI name those.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';

const [file] = process.argv.slice(2);
const workflowsPath = join(import.meta.dirname, '..', 'workflows', 'index.ts');
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
writeFileSync(file, code);
