/** The repositories that activities use, bound to one database, so that activities need only their types. */
import type { Database } from '../client.ts';
import * as attempts from './attempts.ts';
import * as curation from './curation.ts';
import * as money from './money.ts';
import * as openings from './photo-openings.ts';
import * as history from './past-runs.ts';
import * as pods from './pods.ts';
import * as publications from './publications.ts';
import * as sweeps from './sweeps.ts';
import * as trainings from './training-runs.ts';
import * as runs from './workflow-runs.ts';

type Bound<Module> = {
  readonly [Name in keyof Module]: Module[Name] extends (database: Database, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

function bind<Module extends object>(module: Module, database: Database): Bound<Module> {
  const entries = Object.entries(module).map(([name, query]) => [
    name,
    (...rest: unknown[]) => query(database, ...rest),
  ]);
  return Object.fromEntries(entries) as Bound<Module>;
}

/** Binds every query of the activities' repositories to `database`. */
export function createRepositories(database: Database) {
  return {
    trainings: bind(trainings, database),
    attempts: bind(attempts, database),
    pods: bind(pods, database),
    curation: bind(curation, database),
    openings: bind(openings, database),
    money: bind(money, database),
    history: bind(history, database),
    publications: bind(publications, database),
    runs: bind(runs, database),
    sweeps: bind(sweeps, database),
  };
}

export type Repositories = ReturnType<typeof createRepositories>;
