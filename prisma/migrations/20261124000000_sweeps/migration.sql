-- AlterTable
ALTER TABLE "users" ADD COLUMN     "operator" BOOLEAN NOT NULL DEFAULT false;

-- The first user is made by whoever starts the installation: that person may operate it.
UPDATE "users" SET "operator" = true WHERE "email" = 'owner@localhost';

-- CreateTable
CREATE TABLE "sweeps" (
    "id" UUID NOT NULL,
    "swept_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "alive" INTEGER NOT NULL,
    "owned" INTEGER NOT NULL,
    "orphaned" JSONB NOT NULL,
    "swept" JSONB NOT NULL,
    "leaked_ms" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "sweeps_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "sweeps_swept_at_idx" ON "sweeps"("swept_at");
