import { parseScript } from '../shell/parse-script.ts';
import { checkScript, runScript } from '../shell/run-script.ts';
import { splitArgs } from '../shell/split-args.ts';
import { Disk } from '../toolkit/disk.ts';
import type { Machine } from '../shell/machine.ts';
import type { World } from '../world.ts';
import type { Pod } from './pod.ts';

/** The image's own command (docker/Dockerfile of ostris/ai-toolkit@27a03a91); `args` takes its place. */
const START_SCRIPT = '/start.sh';

/**
 * Runs what a container runs before its app: nothing, or the script of `bash -c`, whose commands are carried out on the
 * pod's disk. True when the image's start script was reached. A container whose command fails or is not understood
 * never has an app; RunPod would start it again and again (assumed).
 */
export async function runStartCommand(
  world: World,
  pod: Pod,
  dir: string,
  print: (line: string) => void,
): Promise<boolean> {
  const { signal } = pod.life;
  try {
    const words = wordsOf(pod);
    if (words.length === 1 && words[0] === START_SCRIPT) return true;
    const [shell, option, script, ...rest] = words;
    if (shell !== 'bash' || option !== '-c' || script === undefined || rest.length > 0)
      throw new SyntaxError('the emulator runs /start.sh, or one script by "bash -c"');
    const commands = parseScript(script);
    checkScript(commands);
    const machine: Machine = {
      disk: new Disk(dir),
      download: (path) =>
        world.faults.take('download', { path, podId: pod.id, podName: pod.spec.name, gpuId: pod.spec.gpuId }),
      pause: (ms, until) => world.clock.sleep(ms, until),
      wait: (ms, until) => world.clock.sleepReal(ms, until),
      print,
      signal,
    };
    const next = await runScript(commands, machine);
    if (next === START_SCRIPT) return true;
    print(next === null ? 'container exited' : `exec: ${next}: not found`);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SyntaxError)) throw error;
    print(`start command: ${error.message}`);
  }
  return false;
}

/** `args` is one string that RunPod splits, or a JSON object with `cmd`; `cmd[]` is taken as it is. */
function wordsOf({ spec }: Pod): string[] {
  if (spec.cmd !== undefined) return spec.cmd;
  if (spec.args === '') return [START_SCRIPT];
  if (!spec.args.startsWith('{')) return splitArgs(spec.args);
  return (JSON.parse(spec.args) as { cmd?: string[] }).cmd ?? [START_SCRIPT];
}
