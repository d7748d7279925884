import { randomBytes } from 'node:crypto';
import { openWorld } from '../../emulator/client.ts';
import type { EmulatedWorld } from '../../emulator/client.ts';
import { servers } from './provided.ts';

/** One private world of the emulated cloud: its own pods, repositories, faults and books. */
export interface World extends EmulatedWorld {
  readonly name: string;
}

/** Makes a world nobody else uses, on the run's emulator or on the given one. */
export function createWorld(emulatorUrl: string = runningEmulator()): World {
  const name = `t${randomBytes(6).toString('hex')}`;
  return { name, ...openWorld(`${emulatorUrl}/w/${name}`) };
}

function runningEmulator(): string {
  const { emulator } = servers();
  if ('broken' in emulator) throw new Error(`The emulator did not start: ${emulator.broken}`);
  return emulator.url;
}
