/** What is kept of a model's reply. It is untrusted: text in a picture can tell a model what to say. */
import type { Description } from '../../core/captioner.ts';

/** Characters. 200 tokens of English are about 900; a caption is 1,000. */
const MAX_LENGTH = 900;

/** Refusals begin with it; "sorry" further on may be text in the picture. */
const APOLOGY =
  /^\W*(?:(?:i['’]?m|i am|we['’]?re|we are)\s+(?:very\s+|really\s+|so\s+)?(?:sorry|afraid|unable|not able|not allowed|not comfortable)|sorry\b|(?:my\s+)?apolog|unfortunately\b|as an ai\b|(?:i|we)\s+(?:can['’]?t|cannot|can not|won['’]?t|will not|don['’]?t|do not|must decline|refuse)\b)/i;

/** Turns a reply into one line of plain text; an apology or an empty reply is a failure. */
export function readReply(reply: string): Description {
  const text = plainLine(reply);
  if (APOLOGY.test(text)) return { status: 'failed', message: 'the model declined to describe the photo' };
  if (!/\p{L}{2}/u.test(text)) return { status: 'failed', message: 'the model gave an empty answer' };
  return { status: 'described', text: shorten(text) };
}

function plainLine(reply: string): string {
  return (
    reply
      // Reasoning of local models that the server did not strip; if it never ends, there is nothing else.
      .replace(/<think>[\s\S]*?(?:<\/think>|$)/gi, ' ')
      .replace(/<[^<>]*>/g, ' ')
      .replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, ' ')
      .replace(/^\s*(?:sure|certainly|of course)(?: \w+)?\s*[:!.,]\s*/i, '')
      .replace(/^\s*(?:here(?:['’]s| is)\b[^\n:]*|\W*(?:caption|description)\W*):\W*/i, '')
      .replace(/^\s*(?:[-*•#>]+|\d+[.)])\s+/gm, '')
      .trim()
      // A list becomes phrases.
      .replace(/[,.;:]*\s*\n\s*/g, ', ')
      .replace(/[*`_~#|<>{}[\]\\]+/g, ' ')
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ')
      .replace(/\s+/g, ' ')
      .replace(/ (?=[,.;:!?])/g, '')
      .replace(/^["'“”‘’\s]+|["'“”‘’.,;:\s]+$/g, '')
  );
}

/** Ends at the last whole phrase that fits, else at the last whole word. */
function shorten(text: string): string {
  const characters = Array.from(text);
  if (characters.length <= MAX_LENGTH) return text;
  const head = characters.slice(0, MAX_LENGTH).join('');
  const end = Math.max(head.lastIndexOf(','), head.lastIndexOf('. '));
  const cut = end > MAX_LENGTH / 2 ? end : head.lastIndexOf(' ');
  return (cut > 0 ? head.slice(0, cut) : head).replace(/[\s,.;:]+$/, '');
}
