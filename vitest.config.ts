import { defineConfig } from 'vitest/config';

const IGNORED = ['**/node_modules/**', '**/dist/**', '.tempera/**'];
/** Minutes of decoding, and whole programs; `npm run test:quick` leaves them out. */
const SLOW = [
  'curation/curator.test.ts',
  'curation/prepare.test.ts',
  'curation/command/*.test.ts',
  'curation/duplicates/*.test.ts',
  'curation/intake/*.test.ts',
  'curation/people/*.test.ts',
  'workers/lazy-curator.test.ts',
];
const CONFORMANCE = 'tests/conformance/**/*.test.ts';

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
          exclude: [...IGNORED, ...SLOW, 'tests/**'],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        test: { name: 'slow', include: SLOW, exclude: IGNORED, testTimeout: 60_000, hookTimeout: 60_000 },
      },
      {
        // The emulator and our clients against the vendors' contracts; each file starts what it needs in its own process.
        test: {
          name: 'conformance',
          include: [CONFORMANCE],
          exclude: IGNORED,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Across folders, on real servers (tests/support/global-setup.ts).
        test: {
          name: 'servers',
          include: ['tests/**/*.test.ts'],
          exclude: [...IGNORED, CONFORMANCE],
          globalSetup: ['tests/support/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
