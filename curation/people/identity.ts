/**
 * Descriptions of faces that can be compared: @vladmandic/face-api on the WASM backend of TensorFlow.js, with the
 * models of its package. The only file that knows it. The packages are optional, and the output is biometric data: it
 * is passed on and never stored.
 */
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fromPixels } from '../intake/pictures.ts';
import type { Pixels } from '../intake/pictures.ts';
import { fetchOnlyFrom } from './package-files.ts';

/** Keep the versions like `peerDependencies` in package.json. */
export const IDENTITY_INSTALL = 'npm install --no-save @vladmandic/face-api@1.7.15 @tensorflow/tfjs@4.22.0';

export interface FaceDescriber {
  /** Describes the largest face of a picture by 128 numbers; null without one. Blocks for about 0.3 s. */
  describe(picture: Pixels): Promise<Float32Array | null>;
}

/** `why` is for people: it says what to do. */
export type LoadedFaceDescriber =
  | { readonly status: 'ready'; readonly describer: FaceDescriber }
  | { readonly status: 'unavailable'; readonly why: string };

/** Long side of the picture that faces are looked for in. Pixels. */
const VIEW_PX = 640;
/** Score from which a face is described: 132 of 136 found (2026-10). */
const MIN_SCORE = 0.5;

/**
 * Loads the models, in about 0.5 s; `from` is the file that the packages are searched from. Never throws: the check
 * only warns, so a set is curated without it too.
 */
export async function loadFaceDescriber(from: string = import.meta.url): Promise<LoadedFaceDescriber> {
  try {
    return { status: 'ready', describer: await load(createRequire(from)) };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const fault = missing ? 'its packages are not installed' : `its packages could not be loaded (${firstLine(error)})`;
    return { status: 'unavailable', why: `${fault}. Install them: ${IDENTITY_INSTALL}` };
  }
}

/** What we use of the package, whose own types come with it and so cannot be imported. */
interface FaceApi {
  readonly tf: {
    setWasmPaths(folder: string): void;
    setBackend(name: 'wasm'): Promise<boolean>;
    ready(): Promise<void>;
    tensor(values: Int32Array, shape: readonly [number, number, 3], type: 'int32'): FaceApiTensor;
  };
  readonly nets: Readonly<Record<(typeof NETS)[number], { loadFromDisk(folder: string): Promise<void> }>>;
  readonly SsdMobilenetv1Options: new (options: { readonly minConfidence: number }) => object;
  detectAllFaces(
    picture: FaceApiTensor,
    options: object,
  ): { withFaceLandmarks(): { withFaceDescriptors(): PromiseLike<readonly FaceApiFace[]> } };
}

interface FaceApiTensor {
  dispose(): void;
}

interface FaceApiFace {
  readonly detection: { readonly box: { readonly height: number } };
  readonly descriptor: Float32Array;
}

const NETS = ['ssdMobilenetv1', 'faceLandmark68Net', 'faceRecognitionNet'] as const;

async function load(require: NodeJS.Require): Promise<FaceDescriber> {
  const dist = dirname(require.resolve('@vladmandic/face-api'));
  // Model files are read from disk without fetch, so it may fetch nothing at all.
  fetchOnlyFrom([]);
  const faceApi = require(join(dist, 'face-api.node-wasm.js')) as FaceApi;
  faceApi.tf.setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep);
  await faceApi.tf.setBackend('wasm');
  await faceApi.tf.ready();
  for (const net of NETS) await faceApi.nets[net].loadFromDisk(join(dist, '..', 'model'));
  const options = new faceApi.SsdMobilenetv1Options({ minConfidence: MIN_SCORE });
  return {
    async describe(picture) {
      const { data, info } = await fromPixels(picture, 3)
        .resize(VIEW_PX, VIEW_PX, { fit: 'inside', withoutEnlargement: true })
        .raw()
        .toBuffer({ resolveWithObject: true });
      const tensor = faceApi.tf.tensor(Int32Array.from(data), [info.height, info.width, 3], 'int32');
      try {
        const faces = await faceApi.detectAllFaces(tensor, options).withFaceLandmarks().withFaceDescriptors();
        const [largest] = faces.toSorted((a, b) => b.detection.box.height - a.detection.box.height);
        return largest?.descriptor ?? null;
      } finally {
        tensor.dispose();
      }
    },
  };
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0]!;
}
