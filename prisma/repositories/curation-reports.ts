/** Curation reports: curation writes them, the API reads them. */
import type { Database } from '../client.ts';
import type { CurationReport, CurationVerdict, Prisma } from '../generated/client.ts';

export interface NewReport {
  readonly datasetId: string;
  readonly version: string;
  readonly verdict: CurationVerdict;
  readonly kept: number;
  readonly reserved: number;
  readonly dropped: number;
  /** JSON of the whole report. */
  readonly report: object;
  /** Null when the photos were only checked; an existing key stays. */
  readonly manifestKey: string | null;
  readonly htmlKey: string;
  readonly contactSheetKey: string;
}

/** Stores the report of a dataset version; the same version again replaces it and makes it the latest one. */
export async function saveCurationReport(database: Database, row: NewReport): Promise<void> {
  const { datasetId, version, report, manifestKey, ...data } = row;
  const stored = { ...data, report: report as Prisma.InputJsonValue, checkedAt: new Date() };
  await database.curationReport.upsert({
    where: { datasetId_version: { datasetId, version } },
    create: { datasetId, version, manifestKey, ...stored },
    update: { ...stored, ...(manifestKey === null ? {} : { manifestKey }) },
    select: { id: true },
  });
}

export type ReportRow = CurationReport;

/** The latest report of a dataset, or that of one version; null when there is none. */
export async function findReport(
  database: Database,
  datasetId: string,
  version: string | undefined,
): Promise<ReportRow | null> {
  return database.curationReport.findFirst({
    where: { datasetId, ...(version === undefined ? {} : { version }) },
    orderBy: { checkedAt: 'desc' },
  });
}
