import { isRecord, readJson } from '../core/http.ts';
import { answerJson } from './respond.ts';
import type { Call } from '../core/http.ts';
import type { Toolkit } from './toolkit.ts';

const keys = ['HF_TOKEN', 'TRAINING_FOLDER', 'DATASETS_FOLDER', 'MODELS_PATH'];

/** GET /api/settings: defaults filled in, the token in clear text. */
export function getSettings(toolkit: Toolkit, { res }: Call): void {
  answerJson(res, 200, {
    ...(toolkit.settings.get('HF_TOKEN') && { HF_TOKEN: toolkit.settings.get('HF_TOKEN') }),
    TRAINING_FOLDER: toolkit.trainingFolder,
    DATASETS_FOLDER: toolkit.datasetsFolder,
    MODELS_PATH: toolkit.modelsPath,
  });
}

/** POST /api/settings wants all four; with one missing it stores the given ones and still answers 500. */
export async function postSettings(toolkit: Toolkit, call: Call): Promise<void> {
  const body = await readJson(call.body).catch(() => undefined);
  const given = isRecord(body) ? body : {};
  for (const key of keys) if (typeof given[key] === 'string') toolkit.settings.set(key, given[key]);
  if (keys.some((key) => typeof given[key] !== 'string'))
    return answerJson(call.res, 500, { error: 'Failed to update settings' });
  answerJson(call.res, 200, { success: true });
}
