/** Histories of trainings that went wrong: saved as JSON, and replayed with the workflows of this checkout. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { WORKFLOWS_PATH } from '../workers/roles.ts';
import { trainingWorkflowId } from '../workflows/contract.ts';
import type { ChaosStack } from './stack.ts';

/** Saves the history of a training's workflow below `folder`; returns the path from here. */
export async function saveHistory({ workflows }: ChaosStack, trainingId: string, folder: string): Promise<string> {
  const history = await workflows.getHandle(trainingWorkflowId(trainingId)).fetchHistory();
  const file = join(folder, `${trainingId}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, historyToJSON(history));
  return relative(process.cwd(), file);
}

/** Replays a saved history; throws when the workflows of this checkout tell another story. */
export async function replayHistory(file: string): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  await Worker.runReplayHistory({ workflowsPath: WORKFLOWS_PATH }, JSON.parse(readFileSync(file, 'utf8')) as object);
}
