import { Type } from '@fastify/type-provider-typebox';
import type { Static } from '@fastify/type-provider-typebox';
import { BASE_MODEL_NAMES } from '../../core/base-model.ts';
import { FRAMINGS, MIX_POLICIES, SUBJECT_KINDS } from '../../core/curation.ts';
import { UPLOAD_LIMITS } from '../uploads/limits.ts';
import { ERRORS, IdParams, Nullable, OneOf, TestIntervals, Time, Uuid, WordOf } from './common.ts';
import { ImageIds } from './images.ts';
import { recipeField } from './recipe.ts';

const optional = Type.Optional;
const STRICT = { additionalProperties: false };
const DECISIONS = ['pin', 'exclude'] as const;

const MixTarget = Type.Object(
  { portrait: Type.Number(), upper: Type.Number(), full: Type.Number() },
  { ...STRICT, description: 'Wanted shares in percent; they must add up to 100.' },
);

/** Types only: the limits are in core/curation.ts, which lists all faults at once. */
const OPTIONS = {
  subjectKind: WordOf(SUBJECT_KINDS, { description: 'Default person.' }),
  mixPolicy: WordOf(MIX_POLICIES, { description: 'Default weights.' }),
  mixTarget: MixTarget,
  minPhotos: Type.Number({ description: 'Fewest photos that a training needs. Default 5.' }),
  maxPhotos: Type.Number({ description: 'Most photos that are trained on. Default 30.' }),
  similarKept: Type.Number({ description: 'Photos kept from a group of very similar ones, 1 to 3. Default 1.' }),
  identityCheck: Type.Boolean({
    description:
      'Warns about photos that probably show another person; only for subjectKind person, needs optional packages. Default false.',
  }),
};

export const CurationBody = Type.Partial(Type.Object(OPTIONS), {
  ...STRICT,
  description: 'How photos are chosen; options that are not given have their defaults.',
});

const CurationPatch = Type.Object(
  {
    subjectKind: optional(Nullable(OPTIONS.subjectKind)),
    mixPolicy: optional(Nullable(OPTIONS.mixPolicy)),
    mixTarget: optional(Nullable(OPTIONS.mixTarget)),
    minPhotos: optional(Nullable(OPTIONS.minPhotos)),
    maxPhotos: optional(Nullable(OPTIONS.maxPhotos)),
    similarKept: optional(Nullable(OPTIONS.similarKept)),
    identityCheck: optional(Nullable(OPTIONS.identityCheck)),
  },
  { ...STRICT, description: 'Options to change; null resets one to its default.' },
);

const Caption = Type.String({ minLength: 1, maxLength: UPLOAD_LIMITS.captionCharacters });
const Captions = Type.Record(Type.String({ format: 'uuid' }), Nullable(Caption), {
  description:
    'Captions for this dataset only, by image id. A photo that is not listed keeps its own; null removes it.',
});

const Dataset = Type.Object(
  {
    id: Uuid,
    name: Type.String(),
    createdAt: Time,
    curation: Type.Object(OPTIONS, { description: 'The options in force, defaults included.' }),
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
  },
  { title: 'Dataset' },
);

export const DatasetBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    imageIds: ImageIds,
    captions: optional(Captions),
    curation: optional(CurationBody),
  },
  STRICT,
);
export type DatasetBody = Static<typeof DatasetBody>;

export const createDatasetRoute = {
  summary: 'Create a dataset from uploaded photos',
  tags: ['photos'],
  body: DatasetBody,
  response: { 201: Dataset, ...ERRORS },
};

export const getDatasetRoute = {
  summary: 'A dataset with its photos',
  tags: ['photos'],
  params: IdParams,
  response: { 200: Dataset, ...ERRORS },
};

export const DatasetPatch = Type.Object({ curation: CurationPatch }, STRICT);
export type DatasetPatch = Static<typeof DatasetPatch>;

export const changeDatasetRoute = {
  summary: 'Change how a dataset is curated',
  description: 'Takes effect with the next check and the next training; no photo is decoded again.',
  tags: ['photos'],
  params: IdParams,
  body: DatasetPatch,
  response: { 200: Dataset, ...ERRORS },
};

export const CheckBody = Type.Object(
  {
    triggerWord: optional(Type.String({ description: 'The training’s trigger word, used in captions. Default ohwx.' })),
    baseModel: optional(WordOf(BASE_MODEL_NAMES, { description: 'Used for the table of buckets. Default flux.' })),
    resolution: recipeField('resolution'),
    intervals: optional(TestIntervals),
  },
  STRICT,
);
export type CheckBody = Static<typeof CheckBody>;

export const checkDatasetRoute = {
  summary: 'Check every photo of a dataset and write a report',
  description:
    'Costs nothing and rents nothing. If a check is already running, it runs once more, so that its report includes overrides made in the meantime.',
  tags: ['photos'],
  params: IdParams,
  body: optional(Type.Union([CheckBody, Type.Null()])),
  response: {
    202: Type.Object({
      datasetId: Uuid,
      status: Type.Literal('running'),
      report: Type.String({ description: 'Where the report will be.' }),
    }),
    ...ERRORS,
  },
};

/** The main fields of a report; the rest passes through as curation wrote it. */
const Report = Type.Object(
  {
    rulesVersion: optional(Type.String()),
    verdict: optional(WordOf(['pass', 'warnings', 'blocked'])),
    kept: Type.Integer(),
    dropped: Type.Integer(),
    photos: Type.Array(
      Type.Object(
        {
          id: Uuid,
          sha256: Type.String(),
          filename: Type.String(),
          decision: Type.String({ description: 'keep, reserve or drop.' }),
          reason: Nullable(Type.String()),
          sentence: Type.String({ description: 'Why, with the numbers.' }),
        },
        { additionalProperties: true },
      ),
    ),
  },
  {
    additionalProperties: true,
    description:
      'Decision, reason, warnings, measurements and similar photos of every photo; mix against target, buckets, advice. Photos are sorted by hash.',
  },
);

const ReportAnswer = Type.Object(
  {
    datasetId: Uuid,
    version: Type.String({ description: 'SHA-256 of everything that determines what is trained on.' }),
    checkedAt: Time,
    verdict: OneOf(['pass', 'warnings', 'blocked']),
    kept: Type.Integer(),
    reserved: Type.Integer(),
    dropped: Type.Integer(),
    check: OneOf(['running', 'idle', 'unknown'], {
      description: '`running`: a newer report is on its way. `unknown`: Temporal is not answering.',
    }),
    links: Type.Object({ html: Nullable(Type.String()), contactSheet: Nullable(Type.String()) }),
    report: Report,
  },
  { title: 'CurationReport' },
);

export const REPORT_FORMATS = ['json', 'html', 'contact-sheet'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const reportRoute = {
  summary: 'The latest curation report of a dataset',
  description:
    'As JSON, as a page that works offline, or as a contact sheet of all photos. 404 NOT_CHECKED, CHECK_RUNNING or CHECK_FAILED while there is none.',
  tags: ['photos'],
  params: IdParams,
  querystring: Type.Object(
    {
      format: optional(OneOf(REPORT_FORMATS, { description: 'Default: html for browsers, else json.' })),
      version: optional(Sha256),
    },
    STRICT,
  ),
  response: {
    200: {
      description: 'The report.',
      content: {
        'application/json': { schema: ReportAnswer },
        'text/html': { schema: Type.String() },
        'image/png': { schema: Type.String({ format: 'binary' }) },
      },
    },
    ...ERRORS,
  },
};

const PhotoParams = Type.Object({ id: Uuid, sha256: Sha256 });

export const OverrideBody = Type.Object(
  {
    decision: optional(
      Nullable(
        OneOf(DECISIONS, { description: '`pin`: always trained on, whatever the rules say. `exclude`: never.' }),
      ),
    ),
    framing: optional(Nullable(OneOf(FRAMINGS))),
    caption: optional(Nullable(Caption)),
    why: optional(Nullable(Type.String({ minLength: 1, maxLength: 500 }))),
  },
  STRICT,
);
export type OverrideBody = Static<typeof OverrideBody>;

const Override = Type.Object({
  sha256: Type.String(),
  decision: Nullable(OneOf(DECISIONS)),
  framing: Nullable(OneOf(FRAMINGS)),
  caption: Nullable(Type.String()),
  by: Type.String({ description: 'Who decided this: e-mail address and name of the API key.' }),
  why: Nullable(Type.String()),
  createdAt: Time,
});

export const putOverrideRoute = {
  summary: 'Override curation for one photo',
  description:
    'Replaces any earlier override of the photo. Overrides every rule, except that an unreadable file stays unreadable. Takes effect with the next check or training.',
  tags: ['photos'],
  params: PhotoParams,
  body: OverrideBody,
  response: { 200: Override, ...ERRORS },
};

export const deleteOverrideRoute = {
  summary: 'Remove an override',
  tags: ['photos'],
  params: PhotoParams,
  response: { 204: Type.Null({ description: 'The photo has no override now.' }), ...ERRORS },
};

export const listOverridesRoute = {
  summary: 'History of overrides, newest first',
  description: 'The newest entry of a photo counts; an entry of nulls removes the one before it.',
  tags: ['photos'],
  params: IdParams,
  querystring: Type.Object(
    {
      cursor: optional(Type.String({ pattern: '^[0-9]{1,18}$', description: '`nextCursor` of the previous page.' })),
      limit: optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100.' })),
    },
    STRICT,
  ),
  response: {
    200: Type.Object({ overrides: Type.Array(Override), nextCursor: Nullable(Type.String()) }),
    ...ERRORS,
  },
};
