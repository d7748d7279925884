/** A pod as the ledger has it. */

export interface PodRow {
  readonly name: string;
  readonly externalId: string | null;
  readonly gpu: string | null;
  readonly dataCenter: string | null;
  readonly hourlyMicroUsd: number | null;
  readonly createSentAt: Date | null;
  readonly createdAt: Date | null;
  readonly terminatedAt: Date | null;
  readonly costMicroUsd: number;
}

export const POD_FIELDS = {
  name: true,
  externalId: true,
  gpu: true,
  dataCenter: true,
  hourlyMicroUsd: true,
  createSentAt: true,
  createdAt: true,
  terminatedAt: true,
  costMicroUsd: true,
} as const;

type Selected = Omit<PodRow, 'costMicroUsd'> & { readonly costMicroUsd: bigint };

export const toPodRow = (row: Selected): PodRow => ({ ...row, costMicroUsd: Number(row.costMicroUsd) });
