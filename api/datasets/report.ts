/** Curation reports: as data, as a page, as a picture. */
import type { ReportRow } from '../../prisma/repositories/curation-reports.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, notFound } from '../errors.ts';
import type { ReportFormat } from '../schemas/datasets.ts';

/** The page contains its own styles and pictures; nothing else may load, run or be sent. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The requested form: `format` decides, else HTML for clients that accept pages and do not ask for data. */
export function formatOf(format: ReportFormat | undefined, accept = ''): ReportFormat {
  if (format !== undefined) return format;
  const types = accept.split(',').map((type) => type.split(';')[0]!.trim().toLowerCase());
  return types.includes('text/html') && !types.includes('application/json') ? 'html' : 'json';
}

/** The report row of one of this user's datasets. Throws ApiError 404, which says why there is none. */
export async function requireReport(
  deps: ApiDeps,
  userId: string,
  datasetId: string,
  version: string | undefined,
): Promise<ReportRow> {
  if (!(await deps.repositories.datasets.ownsDataset(userId, datasetId))) throw notFound('dataset');
  const row = await deps.repositories.curation.findReport(datasetId, version);
  if (row !== null) return row;
  if (version !== undefined) throw notFound('report');
  const state = await deps.temporal.checkState(datasetId);
  switch (state.status) {
    case 'running':
      throw new ApiError(404, 'CHECK_RUNNING', 'This dataset is being checked; ask again in a moment.');
    case 'failed':
      throw new ApiError(404, 'CHECK_FAILED', `The check of this dataset failed: ${state.message}`);
    case 'none':
      throw new ApiError(404, 'NOT_CHECKED', 'This dataset has not been checked yet: POST /v1/datasets/:id/check.');
  }
}

/** A report as JSON, and whether a newer one is on its way. */
export async function reportView(deps: ApiDeps, row: ReportRow) {
  const { datasetId, version, checkedAt, verdict, kept, reserved, dropped, htmlKey, contactSheetKey } = row;
  const link = (format: ReportFormat) =>
    `${deps.settings.publicUrl}/v1/datasets/${datasetId}/report?format=${format}&version=${version}`;
  return {
    datasetId,
    version,
    checkedAt: checkedAt.toISOString(),
    verdict,
    kept,
    reserved,
    dropped,
    check: await runningCheck(deps, datasetId),
    links: {
      html: htmlKey === null ? null : link('html'),
      contactSheet: contactSheetKey === null ? null : link('contact-sheet'),
    },
    // Written by our own curation, so its shape is known.
    report: row.report as never,
  };
}

async function runningCheck({ temporal }: ApiDeps, datasetId: string): Promise<'running' | 'idle' | 'unknown'> {
  try {
    return (await temporal.checkState(datasetId)).status === 'running' ? 'running' : 'idle';
  } catch (error) {
    // A stored report is useful even while Temporal is down.
    if (error instanceof ApiError) return 'unknown';
    throw error;
  }
}

/** The stored page or picture of a report. Throws ApiError 404 for reports made before these were stored. */
export async function reportFile({ store }: ApiDeps, row: ReportRow, format: 'html' | 'contact-sheet') {
  const key = format === 'html' ? row.htmlKey : row.contactSheetKey;
  const object = key === null ? null : await store.get(key);
  if (object === null) throw notFound('page of this report; check the dataset again');
  const headers = {
    'content-type': format === 'html' ? 'text/html; charset=utf-8' : 'image/png',
    'content-length': object.sizeBytes,
    'content-security-policy': PAGE_POLICY,
  };
  return { headers, body: object.body };
}
