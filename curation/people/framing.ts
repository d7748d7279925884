import type { Framing } from '../../core/curation.ts';
import { LIMITS } from '../limits.ts';
import type { FramingFinding } from '../report/report.ts';
import type { Face, PeopleFindings } from './findings.ts';

/** Faces that count as separate people, including the main one. */
export function countFaces(findings: PeopleFindings): number {
  const main = mainFace(findings);
  if (main === null) return 0;
  const sure = findings.faces.filter(({ score }) => score >= LIMITS.faceScore);
  return sure.filter(({ height }) => height >= LIMITS.secondFaceShare * main.height).length;
}

/**
 * The photo's main face: large, although a large doubtful one (a torso, a pattern) loses against a smaller certain one.
 */
function mainFace({ faces }: PeopleFindings): Face | null {
  const weight = ({ height, score }: Face) => height * score ** 3;
  const sure = faces.filter(({ score }) => score >= LIMITS.faceScore);
  return sure.toSorted((a, b) => weight(b) - weight(a))[0] ?? null;
}

/**
 * How much of the main person a photo shows, by how often the face's height fits between its top and the picture's
 * lower edge: below 1.9 times a portrait; a face below a fifth of the height the whole body. The pose is a second
 * opinion: where it differs, or a value is close to its limit, the finding is uncertain. Null when nobody was found.
 */
export function findFraming(findings: PeopleFindings): FramingFinding | null {
  const face = mainFace(findings);
  if (!face) return framingOfPerson(findings);
  // A face that is cut off at the top begins at the picture's edge.
  const headsBelow = (1 - Math.max(0, face.top)) / face.height;
  const faceShare = face.height;
  const framing = byFace(headsBelow, faceShare);
  const near = (value: number, limit: number) => Math.abs(value - limit) < LIMITS.framingMargin * limit;
  // A box that fills the picture is a very close portrait, or something round that is not a face.
  const fills = face.height > LIMITS.faceFillsPicture || headsBelow < LIMITS.faceReachesEdge;
  const borderline =
    fills ||
    (framing === 'portrait' && legsSeen(findings)) ||
    (framing !== 'full' && near(headsBelow, LIMITS.portraitHeads)) ||
    (framing !== 'portrait' && near(faceShare, LIMITS.fullFaceShare));
  const byPose = legsSeen(findings) && headsBelow > LIMITS.legsHeads ? 'full' : framing === 'full' ? 'upper' : framing;
  return {
    framing,
    confidence: borderline || byPose !== framing ? 'uncertain' : 'clear',
    source: 'face',
    headsBelow,
    faceShare,
  };
}

function byFace(headsBelow: number, faceShare: number): Framing {
  if (headsBelow < LIMITS.portraitHeads) return 'portrait';
  return faceShare < LIMITS.fullFaceShare ? 'full' : 'upper';
}

/** Turned away, covered or too small: the body decides. */
function framingOfPerson(findings: PeopleFindings): FramingFinding | null {
  if (findings.person === null || findings.person.score < LIMITS.personScore) return null;
  return {
    framing: legsSeen(findings) ? 'full' : 'upper',
    confidence: 'uncertain',
    source: 'person',
    headsBelow: null,
    faceShare: null,
  };
}

function legsSeen({ ankle, knee }: PeopleFindings): boolean {
  return ankle > LIMITS.ankleScore || knee > LIMITS.kneeScore;
}
