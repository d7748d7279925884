-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "LoraStatus" AS ENUM ('pending', 'training', 'ready', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "AttemptStatus" AS ENUM ('running', 'succeeded', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "PodState" AS ENUM ('requested', 'running', 'terminated');

-- CreateEnum
CREATE TYPE "PublishTarget" AS ENUM ('s3', 'huggingface');

-- CreateEnum
CREATE TYPE "PublishStatus" AS ENUM ('pending', 'published', 'failed');

-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" VARCHAR(16) NOT NULL,
    "secret_hash" CHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "training_images" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "filename" TEXT NOT NULL,
    "mime_type" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "sha256" CHAR(64) NOT NULL,
    "storage_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "training_images_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "datasets" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "datasets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "dataset_items" (
    "dataset_id" UUID NOT NULL,
    "image_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "caption" TEXT,

    CONSTRAINT "dataset_items_pkey" PRIMARY KEY ("dataset_id","image_id")
);

-- CreateTable
CREATE TABLE "curation_reports" (
    "id" UUID NOT NULL,
    "dataset_id" UUID NOT NULL,
    "version" CHAR(64) NOT NULL,
    "accepted" BOOLEAN NOT NULL,
    "kept" INTEGER NOT NULL,
    "dropped" INTEGER NOT NULL,
    "report" JSONB NOT NULL,
    "manifest_key" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "curation_reports_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "lora_models" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "character_id" VARCHAR(128),
    "dataset_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "status" "LoraStatus" NOT NULL DEFAULT 'pending',
    "phase" TEXT NOT NULL DEFAULT 'queued',
    "reason" TEXT,
    "message" TEXT,
    "base_model" TEXT NOT NULL,
    "trigger_word" TEXT NOT NULL,
    "external_provider" TEXT NOT NULL DEFAULT 'ai-toolkit',
    "external_job_id" TEXT,
    "workflow_id" TEXT NOT NULL,
    "config" JSONB NOT NULL,
    "model_path" TEXT,
    "model_url" TEXT,
    "model_sha256" CHAR(64),
    "model_bytes" BIGINT,
    "artifact" JSONB,
    "training_cost" INTEGER NOT NULL DEFAULT 0,
    "cost_micro_usd" BIGINT NOT NULL DEFAULT 0,
    "retry_count" INTEGER NOT NULL DEFAULT 0,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "progress_step" INTEGER NOT NULL DEFAULT 0,
    "progress_total" INTEGER NOT NULL DEFAULT 0,
    "loss" DOUBLE PRECISION,
    "seconds_per_step" DOUBLE PRECISION,
    "estimated_end_at" TIMESTAMPTZ(3),
    "gpu" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "training_started_at" TIMESTAMPTZ(3),
    "training_completed_at" TIMESTAMPTZ(3),

    CONSTRAINT "lora_models_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "training_attempts" (
    "id" UUID NOT NULL,
    "lora_model_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "status" "AttemptStatus" NOT NULL DEFAULT 'running',
    "reason" TEXT,
    "message" TEXT,
    "external_job_id" TEXT,
    "log_tail" TEXT,
    "cost_micro_usd" BIGINT NOT NULL DEFAULT 0,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "training_attempts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "pods" (
    "id" UUID NOT NULL,
    "attempt_id" UUID NOT NULL,
    "provider" TEXT NOT NULL DEFAULT 'runpod',
    "name" TEXT NOT NULL,
    "external_id" TEXT,
    "state" "PodState" NOT NULL DEFAULT 'requested',
    "gpu" TEXT,
    "cloud" TEXT,
    "data_center" TEXT,
    "hourly_micro_usd" INTEGER,
    "cost_micro_usd" BIGINT NOT NULL DEFAULT 0,
    "cost_settled" BOOLEAN NOT NULL DEFAULT false,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "create_sent_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3),
    "ready_at" TIMESTAMPTZ(3),
    "terminate_asked_at" TIMESTAMPTZ(3),
    "terminated_at" TIMESTAMPTZ(3),
    "note" TEXT,

    CONSTRAINT "pods_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "checkpoints" (
    "id" UUID NOT NULL,
    "attempt_id" UUID NOT NULL,
    "step" INTEGER NOT NULL,
    "filename" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "sha256" CHAR(64) NOT NULL,
    "storage_key" TEXT NOT NULL,
    "mirrored_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "checkpoints_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "samples" (
    "id" UUID NOT NULL,
    "attempt_id" UUID NOT NULL,
    "step" INTEGER NOT NULL,
    "prompt_index" INTEGER NOT NULL,
    "storage_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "samples_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "publications" (
    "id" UUID NOT NULL,
    "lora_model_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "target" "PublishTarget" NOT NULL,
    "location" TEXT NOT NULL,
    "path" TEXT,
    "revision" TEXT,
    "url" TEXT,
    "status" "PublishStatus" NOT NULL DEFAULT 'pending',
    "reason" TEXT,
    "message" TEXT,
    "sha256" CHAR(64),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "publications_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox_events" (
    "seq" BIGSERIAL NOT NULL,
    "topic" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "lora_model_id" UUID NOT NULL,
    "dedupe_key" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outbox_events_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "user_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" CHAR(64) NOT NULL,
    "lora_model_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("user_id","key")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_secret_hash_key" ON "api_keys"("secret_hash");

-- CreateIndex
CREATE INDEX "api_keys_user_id_idx" ON "api_keys"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "training_images_user_id_sha256_key" ON "training_images"("user_id", "sha256") WHERE ("deleted_at" IS NULL);

-- CreateIndex
CREATE INDEX "datasets_user_id_created_at_idx" ON "datasets"("user_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "dataset_items_dataset_id_position_key" ON "dataset_items"("dataset_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "curation_reports_dataset_id_version_key" ON "curation_reports"("dataset_id", "version");

-- CreateIndex
CREATE UNIQUE INDEX "lora_models_workflow_id_key" ON "lora_models"("workflow_id");

-- CreateIndex
CREATE INDEX "lora_models_user_id_created_at_idx" ON "lora_models"("user_id", "created_at" DESC);

-- CreateIndex
CREATE INDEX "lora_models_status_idx" ON "lora_models"("status");

-- CreateIndex
CREATE UNIQUE INDEX "lora_models_one_active_per_character" ON "lora_models"("user_id", "character_id") WHERE (status = ANY (ARRAY['pending'::"LoraStatus", 'training'::"LoraStatus"]));

-- CreateIndex
CREATE UNIQUE INDEX "training_attempts_lora_model_id_number_key" ON "training_attempts"("lora_model_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "pods_name_key" ON "pods"("name");

-- CreateIndex
CREATE UNIQUE INDEX "pods_external_id_key" ON "pods"("external_id");

-- CreateIndex
CREATE INDEX "pods_alive" ON "pods"("state") WHERE ("terminated_at" IS NULL);

-- CreateIndex
CREATE INDEX "checkpoints_attempt_id_step_idx" ON "checkpoints"("attempt_id", "step");

-- CreateIndex
CREATE UNIQUE INDEX "checkpoints_attempt_id_filename_key" ON "checkpoints"("attempt_id", "filename");

-- CreateIndex
CREATE UNIQUE INDEX "samples_attempt_id_step_prompt_index_key" ON "samples"("attempt_id", "step", "prompt_index");

-- CreateIndex
CREATE UNIQUE INDEX "publications_lora_model_id_position_key" ON "publications"("lora_model_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_events_dedupe_key_key" ON "outbox_events"("dedupe_key");

-- CreateIndex
CREATE INDEX "outbox_events_lora_model_id_seq_idx" ON "outbox_events"("lora_model_id", "seq");

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "training_images" ADD CONSTRAINT "training_images_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "datasets" ADD CONSTRAINT "datasets_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dataset_items" ADD CONSTRAINT "dataset_items_dataset_id_fkey" FOREIGN KEY ("dataset_id") REFERENCES "datasets"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dataset_items" ADD CONSTRAINT "dataset_items_image_id_fkey" FOREIGN KEY ("image_id") REFERENCES "training_images"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "curation_reports" ADD CONSTRAINT "curation_reports_dataset_id_fkey" FOREIGN KEY ("dataset_id") REFERENCES "datasets"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "lora_models" ADD CONSTRAINT "lora_models_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "lora_models" ADD CONSTRAINT "lora_models_dataset_id_fkey" FOREIGN KEY ("dataset_id") REFERENCES "datasets"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "training_attempts" ADD CONSTRAINT "training_attempts_lora_model_id_fkey" FOREIGN KEY ("lora_model_id") REFERENCES "lora_models"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "pods" ADD CONSTRAINT "pods_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "training_attempts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "training_attempts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "samples" ADD CONSTRAINT "samples_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "training_attempts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "publications" ADD CONSTRAINT "publications_lora_model_id_fkey" FOREIGN KEY ("lora_model_id") REFERENCES "lora_models"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Written by hand: Prisma's schema has no CHECK. Amounts, counts and sizes cannot go wrong silently.
ALTER TABLE "training_images" ADD CONSTRAINT "training_images_size" CHECK ("bytes" > 0 AND "width" > 0 AND "height" > 0);
ALTER TABLE "training_images" ADD CONSTRAINT "training_images_sha256" CHECK ("sha256" ~ '^[0-9a-f]{64}$');
ALTER TABLE "dataset_items" ADD CONSTRAINT "dataset_items_position" CHECK ("position" >= 0);
ALTER TABLE "curation_reports" ADD CONSTRAINT "curation_reports_counts" CHECK ("kept" >= 0 AND "dropped" >= 0);
ALTER TABLE "lora_models" ADD CONSTRAINT "lora_models_money" CHECK ("training_cost" >= 0 AND "cost_micro_usd" >= 0);
ALTER TABLE "lora_models" ADD CONSTRAINT "lora_models_counts" CHECK ("retry_count" >= 0 AND "attempt" >= 0 AND "progress_step" >= 0 AND "progress_total" >= 0);
ALTER TABLE "lora_models" ADD CONSTRAINT "lora_models_artifact" CHECK ("model_bytes" > 0 AND "model_sha256" ~ '^[0-9a-f]{64}$');
ALTER TABLE "training_attempts" ADD CONSTRAINT "training_attempts_number" CHECK ("number" >= 1);
ALTER TABLE "training_attempts" ADD CONSTRAINT "training_attempts_money" CHECK ("cost_micro_usd" >= 0);
ALTER TABLE "pods" ADD CONSTRAINT "pods_money" CHECK ("hourly_micro_usd" >= 0 AND "cost_micro_usd" >= 0);
-- A pod that was ended is `terminated` and the other way round: the sweeper and the books rely on it.
ALTER TABLE "pods" ADD CONSTRAINT "pods_terminated" CHECK (("state" = 'terminated') = ("terminated_at" IS NOT NULL));
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_file" CHECK ("step" >= 0 AND "bytes" > 0 AND "sha256" ~ '^[0-9a-f]{64}$');
ALTER TABLE "samples" ADD CONSTRAINT "samples_numbers" CHECK ("step" >= 0 AND "prompt_index" >= 0);
ALTER TABLE "publications" ADD CONSTRAINT "publications_position" CHECK ("position" >= 0);
