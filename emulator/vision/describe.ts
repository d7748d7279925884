import { createHash } from 'node:crypto';

const clothing = [
  'a grey wool jumper',
  'a white linen shirt',
  'a denim jacket',
  'a dark raincoat',
  'a striped t-shirt',
];
const poses = [
  'standing with folded arms',
  'sitting on a step',
  'leaning on a railing',
  'walking',
  'turned to one side',
];
const places = [
  'a brick wall',
  'a park with bare trees',
  'a kitchen',
  'a harbour',
  'a plain studio backdrop',
  'a street',
];
const lights = ['soft window light', 'low evening sun', 'overcast daylight', 'a single lamp', 'even studio light'];
const cameras = ['eye level', 'slightly from below', 'shallow depth of field', 'wide angle', 'slightly from above'];

/** Invents a plausible caption; the same bytes always get the same one. Nobody looks at the picture. */
export function describePicture(jpeg: Buffer): string {
  const digest = createHash('sha256').update(jpeg).digest();
  const pick = (words: string[], at: number): string => words[(digest[at] ?? 0) % words.length] ?? '';
  return `wearing ${pick(clothing, 0)}, ${pick(poses, 1)}, ${pick(places, 2)} in the background, ${pick(lights, 3)}, ${pick(cameras, 4)}`;
}
