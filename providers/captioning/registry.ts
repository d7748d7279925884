import type { Captioner } from '../../core/captioner.ts';
import { createOpenAiCaptioner } from './openai.ts';

interface CaptionSettings {
  /** Undefined when no service is set up: captions then come from people and the template. */
  readonly captions:
    | { readonly baseUrl: string; readonly model: string; readonly apiKey: string | undefined }
    | undefined;
}

/** The captioner that the settings name; null for none. */
export function createCaptioner({ captions }: CaptionSettings): Captioner | null {
  return captions === undefined ? null : createOpenAiCaptioner(captions);
}
