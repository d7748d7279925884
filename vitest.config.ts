import { defineConfig } from 'vitest/config';

const IGNORED = ['**/node_modules/**', '**/dist/**', '.tempera/**'];

export default defineConfig({
  test: {
    // Two cores are the smallest machine this has to run on; the servers want their share too.
    maxWorkers: 2,
    // A test that fails now and then has a fault that somebody must find.
    retry: 0,
    reporters: ['default', './tests/support/summary-reporter.ts'],
    projects: [
      {
        // Beside the code; start no server of ours.
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...IGNORED, 'tests/**'],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        // Across folders, on real servers (tests/support/global-setup.ts).
        test: {
          name: 'servers',
          include: ['tests/**/*.test.ts'],
          exclude: IGNORED,
          globalSetup: ['tests/support/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
