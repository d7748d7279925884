/**
 * Face, pose and person detection: @vladmandic/human on the WASM backend of TensorFlow.js, with the models of its package. The
 * only file that knows it. Runs in a thread of its own, since each call blocks for 50 ms and more.
 */
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Config, Human, Result } from '@vladmandic/human';
import type { Pixels } from '../intake/pictures.ts';
import type { Box, Face } from './findings.ts';
import { fetchOnlyFrom } from './package-files.ts';

/** What one run of the detectors saw; positions as shares of the picture that was given. */
export interface Detections {
  readonly faces: readonly Face[];
  /** Scores of the body's points inside the picture, by name (`leftKnee`). */
  readonly points: ReadonlyMap<string, number>;
}

export interface Detectors {
  /** Faces and pose. `picture`: RGB, long side about 640 px. */
  look(picture: Pixels): Promise<Detections>;
  /** Persons as boxes, three times as slow. */
  findPersons(picture: Pixels): Promise<readonly (Box & { readonly score: number })[]>;
}

/** Below these scores nothing is reported; what counts is decided later. */
const MIN_SCORE = { face: 0.3, body: 0.2, object: 0.3 };

/** Loads the models, in 0.2 to 0.5 s. Replaces this thread's `fetch` by one that reads the models' files and nothing else. */
export async function loadDetectors(): Promise<Detectors> {
  const require = createRequire(import.meta.url);
  // The package's list of exports does not reach its WASM build, so that is found beside its main file.
  const dist = dirname(require.resolve('@vladmandic/human'));
  const models = join(dist, '..', 'models') + sep;
  const wasm = dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep;
  fetchOnlyFrom([models, wasm]);
  const { Human } = require(join(dist, 'human.node-wasm.js')) as { Human: new (config: Partial<Config>) => Human };
  const human = new Human({ ...CONFIG, wasmPath: wasm, modelBasePath: pathToFileURL(models).href });
  await human.load();
  return {
    async look(picture) {
      const { face, body } = await detect(human, picture, { face: { enabled: true }, body: { enabled: true } });
      const faces = face
        .map(({ box, boxScore }) => ({ score: boxScore, ...shares(box, picture) }))
        .toSorted((a, b) => b.height - a.height);
      const points = new Map<string, number>();
      for (const { keypoints } of body) {
        for (const { part, score, positionRaw } of keypoints)
          if (positionRaw.every((at) => at !== undefined && at >= 0 && at <= 1))
            points.set(part, Math.max(score, points.get(part) ?? 0));
      }
      return { faces, points };
    },
    async findPersons(picture) {
      const { object } = await detect(human, picture, { object: { enabled: true } });
      return object
        .filter(({ label }) => label === 'person')
        .map(({ box, score }) => ({ score, ...shares(box, picture) }));
    },
  };
}

const CONFIG: Partial<Config> = {
  backend: 'wasm',
  // Every picture is another one: nothing may be carried over from the last.
  cacheSensitivity: 0,
  debug: false,
  filter: { enabled: false },
  gesture: { enabled: false },
  hand: { enabled: false },
  segmentation: { enabled: false },
  face: {
    enabled: true,
    detector: { rotation: false, maxDetected: 20, minConfidence: MIN_SCORE.face },
    mesh: { enabled: false },
    iris: { enabled: false },
    emotion: { enabled: false },
    description: { enabled: false },
    antispoof: { enabled: false },
    liveness: { enabled: false },
  },
  body: { enabled: true, modelPath: 'movenet-lightning.json', minConfidence: MIN_SCORE.body },
  object: { enabled: false, minConfidence: MIN_SCORE.object, maxDetected: 10 },
};

async function detect(human: Human, { width, height, data }: Pixels, wanted: Partial<Config>): Promise<Result> {
  const tensor = human.tf.tensor(Int32Array.from(data), [height, width, 3], 'int32');
  try {
    const off = { face: { enabled: false }, body: { enabled: false }, object: { enabled: false } };
    return await human.detect(tensor, { ...off, ...wanted });
  } finally {
    human.tf.dispose(tensor);
  }
}

function shares([left, top, width, height]: readonly [number, number, number, number], picture: Pixels): Box {
  return {
    left: left / picture.width,
    top: top / picture.height,
    width: width / picture.width,
    height: height / picture.height,
  };
}
