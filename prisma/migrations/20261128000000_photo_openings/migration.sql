-- CreateTable
CREATE TABLE "photo_openings" (
    "id" UUID NOT NULL,
    "sha256" CHAR(64) NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "photo_openings_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "condemned_photos" (
    "sha256" CHAR(64) NOT NULL,
    "why" TEXT NOT NULL,
    "condemned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "condemned_photos_pkey" PRIMARY KEY ("sha256")
);

-- CreateIndex
CREATE INDEX "photo_openings_sha256_idx" ON "photo_openings"("sha256");
