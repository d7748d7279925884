import { TrainerError, texts } from './trainer-errors.ts';
import type { Fault } from '../core/faults.ts';
import type { Exit, Run } from './run.ts';

/** What a fault does when its moment has come: end the process in some way, or hang. */
export async function strike(run: Run, fault: Fault): Promise<Exit> {
  const { fates, podEvents } = run.toolkit.options;
  if (fates.includes(fault)) fates.splice(fates.indexOf(fault), 1);
  switch (fault.effect) {
    case 'exit':
      return { code: fault.code ?? 1 };
    case 'sigkill':
      return { signal: 'SIGKILL' };
    case 'zombie':
      return null;
    case 'oom':
      throw new TrainerError(fault.detail ?? (fault.step === undefined ? texts.oomWhileLoading : texts.oomInStep));
    case 'db-lock':
      throw new TrainerError(fault.detail ?? texts.dbLock);
    case 'vanish':
    case 'container-restart':
    case 'exited':
      podEvents[fault.effect]();
      break;
    default:
      break;
  }
  return new Promise<never>((_, reject) => {
    const stop = (): void => reject(run.signal.reason as Error);
    if (run.signal.aborted) stop();
    else run.signal.addEventListener('abort', stop, { once: true });
  });
}
