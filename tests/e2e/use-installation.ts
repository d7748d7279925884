import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { ConfigPatch } from '../../emulator/client.ts';
import { QUICK_CLOUD, createInstallation } from './installation.ts';
import type { Installation, InstallationOptions } from './installation.ts';

interface Use extends InstallationOptions {
  /** Settings of the emulated cloud besides QUICK_CLOUD. */
  readonly cloud?: ConfigPatch;
}

/**
 * Gives the tests of a file, or of a `describe`, an installation of their own, made before the first of them and closed
 * after the last. Every test finds the emulated cloud without faults and with the settings of QUICK_CLOUD and `cloud`,
 * whatever the test before has changed of them. Usable in hooks and tests only: before them it does not exist.
 */
export function useInstallation({ cloud = {}, ...options }: Use = {}): Installation {
  let made: Installation | undefined;
  const settings = { ...QUICK_CLOUD, ...cloud, delaysMs: { ...QUICK_CLOUD.delaysMs, ...cloud.delaysMs } };

  beforeAll(async () => {
    made = await createInstallation(options);
    await made.world.configure(settings);
  });
  beforeEach(async () => {
    await made?.world.clearFaults();
    await made?.world.configure(settings);
  });
  afterAll(async () => {
    await made?.close();
  });

  return new Proxy({} as Installation, {
    get(_, name) {
      if (made === undefined) throw new Error(`The installation is not there yet: ${String(name)} was read too early.`);
      return Reflect.get(made, name);
    },
  });
}
