-- AlterTable
ALTER TABLE "training_attempts" ADD COLUMN     "last_step" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "lost_micro_usd" BIGINT,
ADD COLUMN     "lost_ms" INTEGER,
ADD COLUMN     "lost_steps" INTEGER,
ADD COLUMN     "rank" INTEGER,
ADD COLUMN     "resumed_from_step" INTEGER,
ADD COLUMN     "resumed_with" TEXT,
ADD COLUMN     "seconds_per_step" DOUBLE PRECISION;
