/** Characters without a special meaning in a shell. */
const PLAIN = /^[A-Za-z0-9_./:=@%+,-]+$/;

/**
 * A command as the one string of RunPod's `args`, which replaces the image's CMD behind its entrypoint. RunPod splits
 * such strings like a shell (shlex), unless they are JSON (runpod/runpodctl pull request 314 of 2026-07-28, about
 * `dockerArgs`, which became `dockerStartCmd` in v1 and `args` in v2); joined by spaces alone they fall apart. The
 * whole create body may have 102,400 bytes.
 */
export function toArgs(command: readonly string[]): string {
  return command.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`)).join(' ');
}
