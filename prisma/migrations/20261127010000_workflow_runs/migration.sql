-- AlterTable
ALTER TABLE "lora_models" ADD COLUMN     "run_id" TEXT;
