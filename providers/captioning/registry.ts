import type { Captioner } from '../../core/captioner.ts';
import { createOpenAiCaptioner } from './openai.ts';

interface CaptionSettings {
  /** Undefined when no service is configured: captions then come from people and the template. */
  readonly captions:
    | { readonly baseUrl: string; readonly model: string; readonly apiKey: string | undefined }
    | undefined;
}

/** The configured captioner; null for none. */
export function createCaptioner({ captions }: CaptionSettings): Captioner | null {
  return captions === undefined ? null : createOpenAiCaptioner(captions);
}
