-- AlterTable
ALTER TABLE "lora_models" ADD COLUMN     "retry_until" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "training_images" ADD COLUMN     "caption" TEXT;

-- Written by hand: trainings that wait for a retry now have waited with the default window of seven days.
UPDATE "lora_models" SET "retry_until" = "training_completed_at" + INTERVAL '7 days'
WHERE "status" = 'failed' AND "phase" = 'awaiting_retry';
