-- The ledger of money, ceilings of trainings, limits of users. To go back: drop the table, the type and the five columns.

-- CreateEnum
CREATE TYPE "MoneyKind" AS ENUM ('reserve', 'release', 'settle');

-- AlterTable
ALTER TABLE "lora_models" ADD COLUMN     "ceiling_micro_usd" BIGINT,
ADD COLUMN     "quote" JSONB;

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "character_month_limit_micro_usd" BIGINT,
ADD COLUMN     "month_limit_micro_usd" BIGINT,
ADD COLUMN     "training_limit_micro_usd" BIGINT;

-- CreateTable
CREATE TABLE "money_entries" (
    "seq" BIGSERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "lora_model_id" UUID NOT NULL,
    "character_id" VARCHAR(128),
    "month" CHAR(7) NOT NULL,
    "kind" "MoneyKind" NOT NULL,
    "amount_micro_usd" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "money_entries_pkey" PRIMARY KEY ("seq")
);

-- CreateIndex
CREATE UNIQUE INDEX "money_entries_key_key" ON "money_entries"("key");

-- CreateIndex
CREATE INDEX "money_entries_user_id_month_idx" ON "money_entries"("user_id", "month");

-- CreateIndex
CREATE INDEX "money_entries_lora_model_id_idx" ON "money_entries"("lora_model_id");

-- AddForeignKey
ALTER TABLE "money_entries" ADD CONSTRAINT "money_entries_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "money_entries" ADD CONSTRAINT "money_entries_lora_model_id_fkey" FOREIGN KEY ("lora_model_id") REFERENCES "lora_models"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
