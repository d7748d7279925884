import { writeSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * Ends the output with `N passed, N failed, N skipped` alone on a line, after the reasons for what was skipped. A run that
 * broke outside a test (a server did not start, nothing matched) counts as one failure.
 */
export default class SummaryReporter implements Reporter {
  private passed = 0;
  private failed = 0;
  private skipped: readonly TestCase[] = [];

  onInit(): void {
    process.once('exit', (code) => {
      const failed = this.failed === 0 && (code !== 0 || this.passed === 0) ? 1 : this.failed;
      if (failed > 0 && code === 0) process.exitCode = 1;
      // Written at the very end and at once: other output comes before it, and the process is about to be gone.
      writeSync(
        1,
        `${skipReasons(this.skipped)}${this.passed} passed, ${failed} failed, ${this.skipped.length} skipped\n`,
      );
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const withState = (state: string) => tests.filter((test) => test.result().state === state);
    // A file that cannot be loaded, or whose hooks fail, has failed although no test of it did.
    const brokenFiles = modules.filter((module) => module.errors().length > 0).length;
    this.passed = withState('passed').length;
    this.failed = withState('failed').length + brokenFiles + unhandledErrors.length;
    this.skipped = withState('skipped');
  }
}

/** Says how many tests were skipped for which reason: the note given to `skip`, or the outermost suite's name (`describeS3` puts it there). */
function skipReasons(tests: readonly TestCase[]): string {
  const counts = new Map<string, number>();
  for (const test of tests) {
    const result = test.result();
    const reason = ('note' in result && result.note) || (test.fullName.split(' > ')[0] ?? test.name);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, number]) => `skipped ${number}: ${reason}\n`).join('');
}
