/** People's overrides of individual photos of a dataset. Rows are only added; a photo's latest counts. */
import type { Framing, PhotoOverride } from '../../core/curation.ts';
import type { Database } from '../client.ts';
import type { PhotoOverride as OverrideRow } from '../generated/client.ts';

export type { OverrideRow };

type Said = Pick<PhotoOverride, 'decision' | 'framing' | 'caption'>;

/** The override that counts, by the photo's sha256; photos whose override was removed are left out. */
export async function latestOverrides(
  database: Database,
  datasetId: string,
): Promise<ReadonlyMap<string, PhotoOverride>> {
  const rows = await database.$queryRaw<
    {
      sha256: string;
      decision: PhotoOverride['decision'];
      framing: Framing | null;
      caption: string | null;
      by: string;
      why: string | null;
    }[]
  >`SELECT DISTINCT ON ("sha256") "sha256", "decision"::text, "framing"::text, "caption", "by", "why"
    FROM "photo_overrides" WHERE "dataset_id" = ${datasetId}::uuid ORDER BY "sha256", "seq" DESC`;
  return new Map(
    rows.filter(saysSomething).map(({ sha256, decision, framing, caption, by, why }) => {
      return [sha256, { decision, framing, caption, by, why }];
    }),
  );
}

/** The override that counts for one photo; null when there is none or it was removed. */
export async function latestOverride(
  database: Database,
  datasetId: string,
  sha256: string,
): Promise<OverrideRow | null> {
  const row = await database.photoOverride.findFirst({ where: { datasetId, sha256 }, orderBy: { seq: 'desc' } });
  return row !== null && saysSomething(row) ? row : null;
}

/** Adds an override of a photo; three nulls remove the last one. */
export async function addOverride(
  database: Database,
  row: { readonly datasetId: string; readonly sha256: string } & PhotoOverride,
): Promise<OverrideRow> {
  return database.photoOverride.create({ data: row });
}

/** All overrides of a dataset's photos, newest first, including removed ones. */
export async function listOverrides(
  database: Database,
  {
    datasetId,
    before,
    limit,
  }: { readonly datasetId: string; readonly before: bigint | undefined; readonly limit: number },
): Promise<OverrideRow[]> {
  return database.photoOverride.findMany({
    where: { datasetId, ...(before === undefined ? {} : { seq: { lt: before } }) },
    orderBy: { seq: 'desc' },
    take: limit,
  });
}

function saysSomething({ decision, framing, caption }: Said): boolean {
  return decision !== null || framing !== null || caption !== null;
}
