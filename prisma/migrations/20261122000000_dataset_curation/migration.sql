-- Options and overrides of curation, and reports with a verdict instead of accepted or not.
--
-- Drops curation_reports.accepted after its content has gone into "verdict". To go back:
--   ALTER TABLE "curation_reports" ADD COLUMN "accepted" BOOLEAN;
--   UPDATE "curation_reports" SET "accepted" = ("verdict" <> 'blocked');
--   ALTER TABLE "curation_reports" ALTER COLUMN "accepted" SET NOT NULL, DROP COLUMN "verdict";

-- CreateEnum
CREATE TYPE "CurationVerdict" AS ENUM ('pass', 'warnings', 'blocked');

-- CreateEnum
CREATE TYPE "OverrideDecision" AS ENUM ('pin', 'exclude');

-- CreateEnum
CREATE TYPE "Framing" AS ENUM ('portrait', 'upper', 'full');

-- AlterTable
ALTER TABLE "curation_reports" ADD COLUMN     "checked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "contact_sheet_key" TEXT,
ADD COLUMN     "html_key" TEXT,
ADD COLUMN     "reserved" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "verdict" "CurationVerdict";

-- Rows of before know two verdicts, and were checked when they were made.
UPDATE "curation_reports" SET
  "verdict" = CASE WHEN "accepted" THEN 'pass'::"CurationVerdict" ELSE 'blocked'::"CurationVerdict" END,
  "checked_at" = "created_at";

-- AlterTable
ALTER TABLE "curation_reports" ALTER COLUMN "verdict" SET NOT NULL,
DROP COLUMN "accepted";

-- AlterTable
ALTER TABLE "datasets" ADD COLUMN     "curation" JSONB NOT NULL DEFAULT '{}';

-- CreateTable
CREATE TABLE "photo_overrides" (
    "seq" BIGSERIAL NOT NULL,
    "dataset_id" UUID NOT NULL,
    "sha256" CHAR(64) NOT NULL,
    "decision" "OverrideDecision",
    "framing" "Framing",
    "caption" TEXT,
    "by" TEXT NOT NULL,
    "why" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "photo_overrides_pkey" PRIMARY KEY ("seq")
);

-- CreateIndex
CREATE INDEX "photo_overrides_dataset_id_sha256_seq_idx" ON "photo_overrides"("dataset_id", "sha256", "seq" DESC);

-- CreateIndex
CREATE INDEX "curation_reports_dataset_id_checked_at_idx" ON "curation_reports"("dataset_id", "checked_at" DESC);

-- AddForeignKey
ALTER TABLE "photo_overrides" ADD CONSTRAINT "photo_overrides_dataset_id_fkey" FOREIGN KEY ("dataset_id") REFERENCES "datasets"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Written by hand: Prisma's schema has no CHECK.
ALTER TABLE "photo_overrides" ADD CONSTRAINT "photo_overrides_sha256" CHECK ("sha256" ~ '^[0-9a-f]{64}$');
ALTER TABLE "curation_reports" ADD CONSTRAINT "curation_reports_reserved" CHECK ("reserved" >= 0);
