import { Type } from '@fastify/type-provider-typebox';
import { ERRORS, Nullable, Time, Uuid } from './common.ts';

const Image = Type.Object({
  id: Uuid,
  sha256: Type.String(),
  filename: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
  bytes: Type.Integer(),
  duplicate: Type.Boolean({
    description: 'True when you had uploaded this very photo before; the id is that of the first.',
  }),
  caption: Type.Optional(
    Type.String({ description: 'From NAME.txt beside NAME.jpg. Pass it on to POST /v1/datasets.' }),
  ),
});

const RejectedFile = Type.Object({ filename: Type.String(), code: Type.String(), message: Type.String() });

export const UploadAnswer = Type.Object({ images: Type.Array(Image), rejected: Type.Array(RejectedFile) });

export const uploadImages = {
  summary: 'Upload photos',
  description:
    'Photos (at most 30 MB each), NAME.txt files with their captions, and zip archives of both, as multipart/form-data; at most 200 photos in a request.',
  tags: ['photos'],
  consumes: ['multipart/form-data'],
  response: { 201: UploadAnswer, ...ERRORS },
};

const Captions = Type.Record(Type.String({ format: 'uuid' }), Type.String({ minLength: 1, maxLength: 2_000 }), {
  description: 'Caption per image id.',
});
export const ImageIds = Type.Array(Uuid, { minItems: 1, maxItems: 200, uniqueItems: true });

const Dataset = Type.Object({
  id: Uuid,
  name: Type.String(),
  createdAt: Time,
  images: Type.Array(
    Type.Object({
      id: Uuid,
      filename: Type.String(),
      sha256: Type.String(),
      width: Type.Integer(),
      height: Type.Integer(),
      bytes: Type.Integer(),
      caption: Nullable(Type.String()),
    }),
  ),
});

export const DatasetBody = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 100 }), imageIds: ImageIds, captions: Type.Optional(Captions) },
  { additionalProperties: false },
);

export const createDatasetRoute = {
  summary: 'Make a dataset of uploaded photos',
  tags: ['photos'],
  body: DatasetBody,
  response: { 201: Dataset, ...ERRORS },
};

export const getDatasetRoute = {
  summary: 'A dataset with its photos',
  tags: ['photos'],
  params: Type.Object({ id: Uuid }),
  response: { 200: Dataset, ...ERRORS },
};
