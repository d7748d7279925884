/** Photos of a dataset for curation, and the reports about them. */
import type { Database } from '../client.ts';
import type { Prisma } from '../generated/client.ts';

export interface DatasetPhoto {
  readonly id: string;
  readonly sha256: string;
  readonly filename: string;
  readonly storageKey: string;
  readonly caption: string | null;
}

/** The photos of a dataset in the caller's order. */
export async function datasetPhotos(database: Database, datasetId: string): Promise<DatasetPhoto[]> {
  const items = await database.datasetItem.findMany({
    where: { datasetId },
    orderBy: { position: 'asc' },
    select: { caption: true, image: { select: { id: true, sha256: true, filename: true, storageKey: true } } },
  });
  return items.map((item) => ({ ...item.image, caption: item.caption }));
}

interface ReportRow {
  readonly datasetId: string;
  readonly version: string;
  readonly accepted: boolean;
  readonly kept: number;
  readonly dropped: number;
  /** JSON of the whole report. */
  readonly report: object;
  readonly manifestKey: string | null;
}

/** Stores the report of a dataset version; the same version again replaces it. Returns its id. */
export async function saveCurationReport(database: Database, row: ReportRow): Promise<string> {
  const { datasetId, version, report, ...data } = row;
  const stored = { ...data, report: report as Prisma.InputJsonValue };
  const saved = await database.curationReport.upsert({
    where: { datasetId_version: { datasetId, version } },
    create: { datasetId, version, ...stored },
    update: stored,
    select: { id: true },
  });
  return saved.id;
}
