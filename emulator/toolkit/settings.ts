import { isRecord, readJson } from '../core/http.ts';
import { answerJson } from './respond.ts';
import type { ToolkitRequest } from './request.ts';

const keys = ['HF_TOKEN', 'TRAINING_FOLDER', 'DATASETS_FOLDER', 'MODELS_PATH'];

/** GET /api/settings: all that is stored, the token in clear text, with the defaults of the folders filled in. */
export function getSettings({ toolkit, call: { res } }: ToolkitRequest): void {
  answerJson(res, 200, {
    ...Object.fromEntries(toolkit.settings),
    TRAINING_FOLDER: toolkit.trainingFolder,
    DATASETS_FOLDER: toolkit.datasetsFolder,
    MODELS_PATH: toolkit.modelsPath,
  });
}

/**
 * POST /api/settings: stores the texts that are given; 500 for a value that is not a text, or that is missing and was
 * never stored.
 */
export async function postSettings({ toolkit, call }: ToolkitRequest): Promise<void> {
  const body = await readJson(call.body).catch(() => undefined);
  const given = isRecord(body) ? body : {};
  const isRefused = keys.some((key) =>
    given[key] === undefined ? !toolkit.settings.has(key) : typeof given[key] !== 'string',
  );
  for (const key of keys) if (typeof given[key] === 'string') toolkit.settings.set(key, given[key]);
  if (isRefused || !isRecord(body)) return answerJson(call.res, 500, { error: 'Failed to update settings' });
  answerJson(call.res, 200, { success: true });
}
