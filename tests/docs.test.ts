/** The documents say what the code says. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSettings, SettingsError } from '../config/env.ts';
import { readTemporalDevConfig } from '../config/temporal-dev.ts';
import { EVENTS_FILE, renderEvents } from '../dev/event-page.ts';
import { FAILURE_POLICY_FILE, renderFailurePolicy } from '../dev/failure-policy.ts';
import { RECIPE_FILE, renderRecipe } from '../dev/recipe-page.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'tests/README.md',
  'bench/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => join('docs', file)),
].filter((file) => file.endsWith('.md'));

test('docs/failure-policy.md is what the table renders', () => {
  expect(readFileSync(FAILURE_POLICY_FILE, 'utf8')).toBe(renderFailurePolicy());
});

test('docs/events.md is what the catalogue renders', () => {
  expect(readFileSync(EVENTS_FILE, 'utf8')).toBe(renderEvents());
});

test('docs/recipe.md is what the table renders', () => {
  expect(readFileSync(RECIPE_FILE, 'utf8')).toBe(renderRecipe());
});

describe('docs/configuration.md', () => {
  test('has a row for every variable of config/env.ts, with its default, and no other', () => {
    const source = read('config/env.ts');
    const rows = tableRows(sectionOf(read('docs/configuration.md'), 'Variables'));
    const variables = variablesRead();
    const defaults = [
      ...source.matchAll(/optional\('([A-Z0-9_]+)'\) \?\? '([^']+)'/g),
      ...source.matchAll(/\.?(?:httpUrl|integer|matching|host|folder)\('([A-Z0-9_]+)', '?([^',]+)'?[,)]/g),
      ...source.matchAll(/oneOf\('([A-Z0-9_]+)', (?:\w+|\[[^\]]*\]), '(\w+)'\)/g),
    ].map(([, name, value]) => [name!, value!.replaceAll('_', '')] as const);
    const missing = defaults.filter(
      ([name, value]) =>
        !/^[`$]/.test(value) &&
        !rows
          .find(([cell]) => cell === `\`${name}\``)?.[2]
          ?.replaceAll('_', '')
          .includes(value),
    );

    expect(variables.length).toBeGreaterThan(20);
    expect(defaults.length).toBeGreaterThan(15);
    expect(new Set(rows.map(([name]) => name))).toEqual(new Set(variables.map((name) => `\`${name}\``)));
    expect(missing).toEqual([]);
  });
});

describe('docs/operations.md', () => {
  const operations = read('docs/operations.md');

  test('names every search attribute', () => {
    for (const name of Object.keys(readTemporalDevConfig().searchAttributes))
      expect(operations).toContain(`\`${name}\``);
  });

  test('names every signal and update of a training', () => {
    const signals = [...read('workflows/contract.ts').matchAll(/define(?:Signal|Update)[^(]*\('(\w+)'/g)].map(
      ([, name]) => name!,
    );

    expect(signals.length).toBeGreaterThan(5);
    for (const name of signals) expect(operations).toContain(`\`${name}\``);
  });
});

describe('README.md', () => {
  const readme = read('README.md');

  test('is a door, not the house', () => {
    expect(readme.split('\n').length).toBeLessThan(150);
  });

  test('names every folder and every page of docs/', () => {
    const folders = readdirSync(ROOT, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && /^[a-z]/.test(entry.name) && !['node_modules', 'dist'].includes(entry.name),
    );

    const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));

    for (const { name } of folders) expect(readme).toContain(`\`${name}/\``);
    for (const name of pages) expect(readme).toContain(`(docs/${name})`);
  });
});

test('every package has its line in docs/decisions/dependencies.md', () => {
  const { dependencies, peerDependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string>
  >;
  const names = [dependencies, peerDependencies, devDependencies].flatMap((packages) => Object.keys(packages!));
  const rows = tableRows(read('docs/decisions/dependencies.md')).map(([name]) => name);

  expect(new Set(rows)).toEqual(new Set(names.map((name) => `\`${name}\``)));
});

test('every link between pages leads somewhere', () => {
  const broken = PAGES.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)]
      .map(([, target]) => resolve(ROOT, dirname(page), target!))
      .filter((target) => !existsSync(target))
      .map((target) => `${page} -> ${relative(ROOT, target)}`),
  );

  expect(PAGES.length).toBeGreaterThan(10);
  expect(broken).toEqual([]);
});

test('every table is one piece: a blank line in it would break it', () => {
  const broken = PAGES.flatMap((page) => {
    const lines = read(page).split('\n');
    return lines
      .map((line, index) => ({ line, index }))
      .filter(
        ({ line, index }) =>
          line.startsWith('|') && !lines[index - 1]?.startsWith('|') && !lines[index + 1]?.startsWith('| ---'),
      )
      .map(({ index }) => `${page}:${index + 1}`);
  });

  expect(broken).toEqual([]);
});

describe('tests/README.md', () => {
  const page = read('tests/README.md');
  const files = readdirSync(join(ROOT, 'tests'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.test.ts'),
  );

  test('names every file of tests/, and each begins with what it is about', () => {
    expect(files.filter((file) => !page.includes(`](${file})`))).toEqual([]);
    expect(files.filter((file) => !read(join('tests', file)).startsWith('/**'))).toEqual([]);
  });

  test('quotes tests that exist', () => {
    const quoted = [...page.matchAll(/\]\(([^)]+\.test\.ts)\)(?: from)? "([^"]+)"/g)];

    expect(quoted.length).toBeGreaterThan(5);
    expect(
      quoted.filter(([, file, title]) => !read(join('tests', file!)).includes(title!)).map(([all]) => all),
    ).toEqual([]);
  });
});

/** What readSettings asks the environment for, Temporal's own variables left aside. */
function variablesRead(): string[] {
  const names = new Set<string>();
  const given: Record<string, string> = { OBJECT_STORE: 's3', CAPTION_MODEL: 'x', CAPTION_BASE_URL: 'http://x/v1' };
  const env = new Proxy(given, {
    get: (target, name: string) => (names.add(name), target[name]),
  });
  expect(() => readSettings(env)).toThrow(SettingsError);
  return [...names].filter((name) => !name.startsWith('TEMPORAL_') || name === 'TEMPORAL_UI_URL');
}

/** The text under a heading, down to the next one of its kind. */
function sectionOf(text: string, heading: string): string {
  return text.split(/^## /m).find((section) => section.startsWith(`${heading}\n`)) ?? '';
}

/** Cells of all table rows but the heads. */
function tableRows(text: string): string[][] {
  const lines = text.split('\n');
  return lines
    .filter(
      (line, index) => line.startsWith('| ') && !line.startsWith('| ---') && !lines[index + 1]?.startsWith('| ---'),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
