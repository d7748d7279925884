/**
 * Recorded histories of released workflows replay without a change of their story, and so do fresh ones. After an intended,
 * patched change record anew with: RECORD_HISTORIES=1 npx vitest run tests/replay
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WORKFLOWS_PATH } from '../../workers/roles.ts';
import { createInstallation } from '../e2e/installation.ts';
import type { Installation } from '../e2e/installation.ts';
import { SCENARIOS, playScenario } from './scenarios.ts';

const HISTORIES = join(import.meta.dirname, 'histories');
/** Raised with every released change of a workflow; older histories stay and go on replaying. */
const VERSION = 'v1';

let workflowBundle: Awaited<ReturnType<typeof bundleWorkflowCode>>;
let tempera: Installation;
let datasetId: string;
beforeAll(async () => {
  workflowBundle = await bundleWorkflowCode({ workflowsPath: WORKFLOWS_PATH, logger: new DefaultLogger('ERROR') });
  tempera = await createInstallation();
  datasetId = await tempera.dataset();
});
afterAll(() => tempera.close());

const replay = (history: unknown) => Worker.runReplayHistory({ workflowBundle }, history);

describe('recorded histories', () => {
  const recorded = readdirSync(HISTORIES).filter((name) => name.endsWith('.json'));

  test('there is one of every story', () => {
    for (const scenario of SCENARIOS) expect(recorded).toContain(`${scenario}.${VERSION}.json`);
  });

  test.each(recorded)('%s replays', async (name) => {
    await replay(JSON.parse(readFileSync(join(HISTORIES, name), 'utf8')));
  });

  test('a history that tells another story is noticed', async () => {
    const text = readFileSync(join(HISTORIES, `success.${VERSION}.json`), 'utf8').replaceAll(
      'uploadDataset',
      'uploadSomethingElse',
    );

    await expect(replay(JSON.parse(text))).rejects.toThrow(/nondeterminism/i);
  });

  test('no history holds a secret, a prompt or a path of the machine that recorded it', () => {
    for (const name of recorded) {
      const text = readFileSync(join(HISTORIES, name), 'utf8');
      const payloads = [...text.matchAll(/"data": ?"([A-Za-z0-9+/=]+)"/g)]
        .map(([, data]) => Buffer.from(data!, 'base64').toString('utf8'))
        .join('\n');
      expect(`${text}\n${payloads}`).not.toMatch(
        /hf_emulated|"emulated"|AI_TOOLKIT_AUTH|signature=|portrait photo|\/home\/|\/root\/|node_modules/,
      );
    }
  });
});

describe('fresh histories', () => {
  test.each(SCENARIOS)('%s replays', async (scenario) => {
    const history = await playScenario(tempera, datasetId, scenario);
    if (process.env['RECORD_HISTORIES']) {
      mkdirSync(HISTORIES, { recursive: true });
      writeFileSync(join(HISTORIES, `${scenario}.${VERSION}.json`), `${JSON.stringify(history, null, 1)}\n`);
    }

    await replay(history);
  });
});
