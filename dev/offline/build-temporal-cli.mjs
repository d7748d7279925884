// Builds the Temporal CLI through the Go module proxy, for machines that cannot download it. Plain JavaScript without
// dependencies.
import { join } from 'node:path';
import { exists } from '../cache.mjs';
import { programIn, runGo } from '../go.mjs';

const MODULE = join(import.meta.dirname, 'temporal-cli');

/**
 * Returns the path of the program that it built in the draft folder. A module of our own requires the CLI, because
 * `go install` refuses a module whose go.mod replaces another by a folder, as the CLI's does.
 */
export async function buildTemporalCli(draft, version) {
  const program = programIn(draft, 'temporal');
  const flags = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`;
  await runGo({
    args: [
      'build',
      '-trimpath',
      '-mod=readonly',
      '-ldflags',
      flags,
      '-o',
      program,
      'github.com/temporalio/cli/cmd/temporal',
    ],
    cwd: MODULE,
    needs: [1, 26, 4],
    title: `building the Temporal CLI ${version}`,
    effort: 'about 4 minutes and 4 GB of disk',
  });
  if (!exists(program)) throw new Error('the build left no program');
  return program;
}
