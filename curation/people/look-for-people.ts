import { fromPixels } from '../intake/pictures.ts';
import type { Pixels } from '../intake/pictures.ts';
import { LIMITS } from '../limits.ts';
import type { Detections, Detectors } from './detectors.ts';
import type { Face, PeopleFindings } from './findings.ts';

/** Long side of what the detectors see. Pixels. */
const VIEW_PX = 640;
/** How many face heights the enlarged part around a small face has. */
const CLOSE_VIEW = 4;

/** Looks for faces, legs and, when there is no face, for a person. */
export async function lookForPeople(detectors: Detectors, picture: Pixels): Promise<PeopleFindings> {
  const view = await fit(picture);
  const seen = await detectors.look(view);
  const [largest] = seen.faces.filter(({ score }) => score >= LIMITS.faceScore);
  const faces =
    largest && largest.height < LIMITS.smallFaceShare
      ? await measureAgain(detectors, picture, largest, seen.faces)
      : seen.faces;
  const persons = largest ? [] : await detectors.findPersons(view);
  const [person = null] = persons.toSorted((a, b) => b.height * b.width - a.height * a.width);
  return { faces, knee: best(seen, 'Knee'), ankle: best(seen, 'Ankle'), person };
}

/** The box of a very small face is too tall: an enlarged part of the picture gives a better one. */
async function measureAgain(
  detectors: Detectors,
  picture: Pixels,
  face: Face,
  faces: readonly Face[],
): Promise<readonly Face[]> {
  const side = Math.round(CLOSE_VIEW * face.height * picture.height);
  const width = Math.min(side, picture.width);
  const height = Math.min(side, picture.height);
  const left = within((face.left + face.width / 2) * picture.width - width / 2, picture.width - width);
  const top = within((face.top + face.height / 2) * picture.height - height / 2, picture.height - height);
  const part = await fromPixels(picture, 3).extract({ left, top, width, height }).raw().toBuffer();
  const enlarged = await fit({ width, height, data: part }, { enlarge: true });
  const [closer] = (await detectors.look(enlarged)).faces.filter(({ score }) => score >= LIMITS.faceScore);
  if (!closer) return faces;
  const measured = {
    score: closer.score,
    left: (left + closer.left * width) / picture.width,
    top: (top + closer.top * height) / picture.height,
    width: (closer.width * width) / picture.width,
    height: (closer.height * height) / picture.height,
  };
  return [measured, ...faces.filter((other) => other !== face)].toSorted((a, b) => b.height - a.height);
}

async function fit(picture: Pixels, { enlarge = false } = {}): Promise<Pixels> {
  const { data, info } = await fromPixels(picture, 3)
    .resize(VIEW_PX, VIEW_PX, { fit: 'inside', withoutEnlargement: !enlarge })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

function best({ points }: Detections, part: 'Knee' | 'Ankle'): number {
  return Math.max(points.get(`left${part}`) ?? 0, points.get(`right${part}`) ?? 0);
}

function within(value: number, largest: number): number {
  return Math.round(Math.min(Math.max(0, value), largest));
}
