import { Type } from '@fastify/type-provider-typebox';
import { ERRORS, Uuid } from './common.ts';

const Image = Type.Object({
  id: Uuid,
  sha256: Type.String(),
  filename: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
  bytes: Type.Integer(),
  duplicate: Type.Boolean({
    description: 'True when you had already uploaded this exact photo; the id is that of the first upload.',
  }),
  caption: Type.Optional(
    Type.String({
      description:
        'From NAME.txt beside NAME.jpg, in this or an earlier upload. New datasets with this photo use it, unless they give another.',
    }),
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

export const ImageIds = Type.Array(Uuid, { minItems: 1, maxItems: 200, uniqueItems: true });
