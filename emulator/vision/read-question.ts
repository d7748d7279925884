import sharp from 'sharp';
import { isRecord } from '../core/http.ts';
import { badRequest } from './failures.ts';

export interface Question {
  model: string;
  maxTokens: number;
  jpeg: Buffer;
}

// https://platform.openai.com/docs/api-reference/chat/create (read 2026-11): what a caption needs, and what clients add.
const known = new Set([
  'model',
  'messages',
  'temperature',
  'top_p',
  'max_tokens',
  'max_completion_tokens',
  'n',
  'stream',
  'stop',
  'seed',
  'user',
  'frequency_penalty',
  'presence_penalty',
  'response_format',
]);

/** Refuses what the vendor would refuse; one picture in one user message is all that is understood here. */
export async function readQuestion(body: unknown): Promise<Question> {
  if (!isRecord(body)) throw badRequest('We could not parse the JSON body of your request.');
  const stranger = Object.keys(body).find((key) => !known.has(key));
  if (stranger !== undefined) throw badRequest(`Unrecognized request argument supplied: ${stranger}`);
  const { model, messages, temperature = 1, stream = false } = body;
  if (typeof model !== 'string' || model === '') throw badRequest('you must provide a model parameter');
  if (!Array.isArray(messages)) throw badRequest("Missing required parameter: 'messages'.", 'messages');
  if (typeof temperature !== 'number' || temperature < 0 || temperature > 2)
    throw badRequest('temperature must be a number from 0 to 2', 'temperature');
  if (stream !== false) throw badRequest('emulator: streams are not emulated', 'stream');
  const parts = messages.flatMap((message, index) => contentParts(message, `messages[${index}]`));
  if (!parts.some(({ text }) => text.trim() !== '')) throw badRequest('emulator: no text part', 'messages');
  const [url, ...others] = parts.flatMap(({ imageUrl }) => (imageUrl === null ? [] : [imageUrl]));
  if (url === undefined || others.length > 0) throw badRequest('emulator: one picture is expected', 'messages');
  return { model, maxTokens: maxTokens(body), jpeg: await readPicture(url) };
}

function maxTokens(body: Record<string, unknown>): number {
  const name = body['max_completion_tokens'] === undefined ? 'max_tokens' : 'max_completion_tokens';
  const value = body[name] ?? 4_096;
  if (!Number.isInteger(value) || (value as number) < 1) throw badRequest(`Invalid '${name}': integer above 0`, name);
  return value as number;
}

interface Part {
  text: string;
  imageUrl: string | null;
}

function contentParts(message: unknown, at: string): Part[] {
  if (!isRecord(message)) throw badRequest(`Invalid type for '${at}': expected an object.`, at);
  const { role, content } = message;
  if (role !== 'system' && role !== 'developer' && role !== 'user' && role !== 'assistant')
    throw badRequest(`Invalid value for '${at}.role'.`, `${at}.role`);
  if (typeof content === 'string') return [{ text: content, imageUrl: null }];
  if (!Array.isArray(content)) throw badRequest(`Invalid type for '${at}.content'.`, `${at}.content`);
  return content.map((part, index) => contentPart(part, role, `${at}.content[${index}]`));
}

function contentPart(part: unknown, role: string, at: string): Part {
  if (!isRecord(part)) throw badRequest(`Invalid type for '${at}': expected an object.`, at);
  if (part['type'] === 'text' && typeof part['text'] === 'string') return { text: part['text'], imageUrl: null };
  const image = part['image_url'];
  if (part['type'] !== 'image_url') throw badRequest(`Invalid value for '${at}.type'.`, `${at}.type`);
  if (role !== 'user') throw badRequest('Image URLs are only allowed for messages with role user.', at);
  if (!isRecord(image) || typeof image['url'] !== 'string')
    throw badRequest(`Invalid type for '${at}.image_url': expected an object with a url.`, `${at}.image_url`);
  return { text: '', imageUrl: image['url'] };
}

/** The vendor takes PNG, GIF and WebP too and fetches addresses; the emulator takes a JPEG in a data URL. */
async function readPicture(url: string): Promise<Buffer> {
  const base64 = /^data:image\/jpeg;base64,([A-Za-z0-9+/]+={0,2})$/.exec(url)?.[1];
  if (base64 === undefined || base64.length % 4 !== 0)
    throw badRequest(
      'Invalid image URL: expected a base64-encoded data URL of a JPEG.',
      'messages',
      'invalid_image_url',
    );
  const jpeg = Buffer.from(base64, 'base64');
  try {
    const { format } = await sharp(jpeg).metadata();
    if (format !== 'jpeg') throw new TypeError(`it is ${format}`);
    await sharp(jpeg, { failOn: 'truncated' }).raw().toBuffer();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(`You uploaded an unsupported image: ${why}`, 'messages', 'invalid_image_format');
  }
  return jpeg;
}
