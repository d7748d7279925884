/** Curation reports as the API reads them; curation itself writes them. */
import type { Database } from '../client.ts';
import type { CurationReport } from '../generated/client.ts';

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
