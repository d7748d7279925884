-- AlterTable
ALTER TABLE "pods" ADD COLUMN     "bill_asked_at" TIMESTAMPTZ(3),
ADD COLUMN     "bill_micro_usd" BIGINT;

-- Written by hand: Prisma's schema has no CHECK.
ALTER TABLE "pods" ADD CONSTRAINT "pods_bill" CHECK ("bill_micro_usd" >= 0);
