/**
 * Every query, bound to one database: the one way in, for activities and the API alike. A repository is a table or a
 * concern; what belongs into a transaction of another repository is not in it.
 */
import type { Database } from '../client.ts';
import * as alivePods from './alive-pods.ts';
import * as apiKeys from './api-keys.ts';
import * as attempts from './attempts.ts';
import * as bills from './bills.ts';
import * as checkpoints from './checkpoints.ts';
import * as costReport from './cost-report.ts';
import * as curation from './curation.ts';
import * as curationReports from './curation-reports.ts';
import * as datasets from './datasets.ts';
import * as health from './health.ts';
import * as images from './images.ts';
import * as ledgerCost from './ledger-cost.ts';
import * as money from './money.ts';
import * as outbox from './outbox.ts';
import * as overrides from './overrides.ts';
import * as pastRuns from './past-runs.ts';
import * as openings from './photo-openings.ts';
import * as pods from './pods.ts';
import * as publications from './publications.ts';
import * as resumes from './resumes.ts';
import * as samples from './samples.ts';
import * as sweeperQueries from './sweeper-queries.ts';
import * as sweeps from './sweeps.ts';
import * as trainingProgress from './training-progress.ts';
import * as trainingStarts from './training-starts.ts';
import * as trainingStates from './training-states.ts';
import * as trainings from './trainings.ts';
import * as runs from './workflow-runs.ts';

type Query<Result> = (database: Database, ...rest: never[]) => Result;

/** The queries of a module without their first parameter; functions that need a transaction are left out. */
type Bound<Module> = {
  readonly [Name in keyof Module as Module[Name] extends Query<unknown> ? Name : never]: Module[Name] extends (
    database: Database,
    ...rest: infer Rest
  ) => infer Result
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

export function createRepositories(database: Database) {
  return {
    trainings: bind({ ...trainings, ...trainingStarts, ...trainingStates, ...trainingProgress }, database),
    runs: bind(runs, database),
    attempts: bind({ ...attempts, ...resumes }, database),
    checkpoints: bind(checkpoints, database),
    samples: bind(samples, database),
    pods: bind({ ...pods, ...alivePods }, database),
    bills: bind({ ...bills, ...ledgerCost, ...costReport }, database),
    sweeps: bind({ ...sweeps, ...sweeperQueries }, database),
    history: bind(pastRuns, database),
    money: bind(money, database),
    publications: bind(publications, database),
    outbox: bind(outbox, database),
    datasets: bind(datasets, database),
    curation: bind({ ...curation, ...curationReports, ...overrides }, database),
    photos: bind({ ...images, ...openings }, database),
    keys: bind(apiKeys, database),
    health: bind(health, database),
  };
}

export type Repositories = ReturnType<typeof createRepositories>;
