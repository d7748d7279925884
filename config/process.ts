/** What the worker and the API do first. */
import { readSettings, SettingsError } from './env.ts';
import type { Settings } from './env.ts';
import { keepPrivate } from './private-files.ts';

/**
 * The settings of this process, whose files are private from here on. When they are not usable the process ends with code 1
 * and one line for each fault, without a stack: it would say where we read, not what is wrong.
 */
export function settingsOfProcess(options: { readonly rentsPods: boolean }): Settings {
  process.umask(0o077);
  try {
    const settings = readSettings(process.env, options);
    const foreign = keepPrivate(settings.home);
    if (foreign.length > 0) process.emitWarning(`Not ours, and maybe readable by others: ${foreign.join(', ')}`);
    return settings;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
