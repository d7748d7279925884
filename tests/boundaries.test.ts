/** Who may import what, over all sources, and what the bundle of the workflows contains. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

interface Rule {
  /** Files that the rule is about: a folder, or one file. The last rule that fits a file counts. */
  readonly files: string;
  /** Folders (or files) of ours that may be imported. The folder itself is always allowed. */
  readonly may: readonly string[];
  /** Of these only types. */
  readonly types?: readonly string[];
  /** Packages and Node modules that may be imported. Default: any. */
  readonly packages?: readonly string[];
  readonly because: string;
}

/** What whoever starts or lists workflows has to know of them. */
const CONTRACT = ['workflows/contract.ts', 'workflows/search-attributes.ts', 'workflows/start-options.ts'];

/** The emulator runs as a process of its own; this is all that others need of it. */
const EMULATOR_CLIENT = 'emulator/client.ts';

/** Who may import what. The lint rules in .oxlintrc.json say the same, in the editor. */
const RULES: readonly Rule[] = [
  {
    files: 'core',
    may: [],
    packages: [],
    because: 'the domain must run anywhere and be read without knowing a library',
  },
  {
    files: 'workflows',
    may: ['core'],
    types: ['activities'],
    packages: ['@temporalio/workflow', '@temporalio/common'],
    because:
      'workflow code is replayed: one import with side effects or of a Node module breaks determinism or the bundle',
  },
  {
    files: 'activities',
    may: ['core', 'curation'],
    types: ['providers', 'prisma', 'workflows'],
    because: 'activities get their clients handed in, so that tests and other backends can hand in others',
  },
  { files: 'providers', may: ['core'], because: 'a client of a vendor knows nothing of our database or of Temporal' },
  { files: 'curation', may: ['core'], because: 'curation is used without Temporal, database and vendors' },
  { files: 'prisma', may: ['core'], because: 'the database layer is below everything but the domain' },
  { files: 'config', may: ['core'], because: 'configuration is read by everyone' },
  {
    files: 'api',
    may: ['core', 'config', 'prisma/trouble.ts', ...CONTRACT],
    types: ['providers', 'prisma'],
    because:
      'the API records requests and reads results, through the repositories that activities use; work is done by those, behind Temporal',
  },
  {
    files: 'api/main.ts',
    may: ['core', 'config', 'prisma', 'providers', 'curation', ...CONTRACT],
    because: 'the composition root of the API builds its clients',
  },
  {
    files: 'workers',
    may: ['core', 'config', 'prisma', 'providers', 'curation', 'activities', 'workflows'],
    because: 'the worker is the composition root of all but the API and its clients; the emulator is a stranger to it',
  },
  {
    files: 'emulator',
    may: [],
    because: "it states the vendors' formats a second time, so that a misreading of ours shows as a failing test",
  },
  {
    files: 'cli',
    may: ['core', 'config', 'curation', 'providers'],
    because: 'users and production run it, where neither the local stack nor the emulator belongs',
  },
  {
    files: 'dev',
    may: ['cli', 'core', 'config', EMULATOR_CLIENT, 'prisma', 'providers'],
    types: ['api', 'curation'],
    because: 'it starts the worker, the API and the emulator as processes, and is below tests, bench and chaos',
  },
  {
    files: 'bench',
    may: ['activities', 'cli', 'core', 'curation', 'dev', EMULATOR_CLIENT, 'providers', 'workflows'],
    types: ['api'],
    because: 'it measures the product itself; what it shares with tests and chaos is in dev/',
  },
  {
    files: 'chaos',
    may: ['cli', 'config', 'core', 'dev', EMULATOR_CLIENT, 'prisma', 'providers', 'workers', 'workflows'],
    because: 'it judges by what it sees itself; what it shares with tests and bench is in dev/',
  },
];

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly isType: boolean;
}

describe('who imports what', () => {
  const files = RULES.filter(({ files: folder }) => !folder.endsWith('.ts')).flatMap(({ files: folder }) =>
    sourceFiles(folder),
  );

  test('source files are found', () => {
    expect(files.length).toBeGreaterThan(50);
  });

  test.each(RULES)('$files: $because', (rule) => {
    const faults = files
      .filter((file) => ruleFor(file) === rule)
      .flatMap((file) => importsOf(file))
      .filter((entry) => !isAllowed(rule, entry))
      .map(({ file, specifier, isType }) => `${file} imports ${isType ? 'types of ' : ''}${specifier}`);

    expect(faults).toEqual([]);
  });

  test('nothing imports from tests/, not even the tests beside the code: what they share is in dev/', () => {
    const beside = RULES.map(({ files: folder }) => folder).filter((folder) => !folder.endsWith('.ts'));
    const faults = beside
      .flatMap((folder) => filesIn(folder, /\.(ts|mjs)$/))
      .flatMap((file) => importsOf(file))
      .filter(({ file, specifier }) => isInside(relative(ROOT, resolve(ROOT, dirname(file), specifier)), 'tests'))
      .map(({ file, specifier }) => `${file} imports ${specifier}`);

    expect(faults).toEqual([]);
  });

  test('an import is seen whatever way it is written', () => {
    const code = [
      "import a from 'one';",
      "import type { B } from '../two.ts';",
      "import {\n  c,\n  type D,\n} from './three.ts';",
      "export * from 'four';",
      "export type { E } from 'five';",
      "import 'six';",
      "const seven = await import('seven');",
      "// import 'no'",
      "/* import 'no'; */ const text = 'import nothing';",
    ].join('\n');

    expect(parseImports(code, 'x.ts').map(({ specifier, isType }) => `${specifier}${isType ? ' (type)' : ''}`)).toEqual(
      ['one', '../two.ts (type)', './three.ts', 'four', 'five (type)', 'six', 'seven'],
    );
  });
});

test('the workflows bundle without Node modules and without code of ours from outside', async () => {
  const { code } = await bundleWorkflowCode({ workflowsPath: join(ROOT, 'workflows', 'index.ts') });
  const ours = [...code.matchAll(/"\.\/((?!node_modules)[a-z]+\/[\w/.-]+\.ts)"/g)].map((match) => match[1] ?? '');
  const strangers = [...new Set(ours)].filter((file) => !/^(core|workflows)\//.test(file));

  expect(ours.length).toBeGreaterThan(0);
  expect(strangers).toEqual([]);
  // Timers of its own, which a workflow would leave to Temporal.
  expect(ours).not.toContain('core/time-limit.ts');
});

function sourceFiles(folder: string): string[] {
  return filesIn(folder, /(?<!\.(test|d))\.(ts|mts|mjs)$/);
}

function filesIn(folder: string, names: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && names.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('prisma/generated/'));
}

function ruleFor(file: string): Rule | undefined {
  return RULES.findLast((rule) => isInside(file, rule.files));
}

function isInside(file: string, place: string): boolean {
  return file === place || file.startsWith(`${place}/`);
}

function importsOf(file: string): Import[] {
  return parseImports(readFileSync(join(ROOT, file), 'utf8'), file);
}

function parseImports(code: string, file: string): Import[] {
  const bare = code.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
  const statement =
    /^\s*(?:import|export)\b(?:(\s+type)\b)?(?:[^'";=]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...bare.matchAll(statement)].map(([, type, specifier, dynamic]) => ({
    file,
    specifier: specifier ?? dynamic ?? '',
    isType: type !== undefined,
  }));
}

function isAllowed(rule: Rule, { file, specifier, isType }: Import): boolean {
  if (!specifier.startsWith('.')) {
    return rule.packages === undefined || rule.packages.some((name) => isInside(specifier, name));
  }
  const target = relative(ROOT, resolve(ROOT, dirname(file), specifier));
  const folder = rule.files.split('/')[0] ?? '';
  if (isInside(target, folder) || rule.may.some((place) => isInside(target, place))) return true;
  return isType && (rule.types ?? []).some((place) => isInside(target, place));
}
