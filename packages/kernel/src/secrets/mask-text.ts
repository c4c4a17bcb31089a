/**
 * Finds secrets inside a text by their form: passwords in URLs, secret parts of queries and connection strings, webhooks,
 * private keys, bearer and basic credentials, JSON web tokens, tokens of well-known providers. What cannot be told from
 * a secret is masked. Works in linear time, since texts come from outside.
 */
import { maskAssignments } from './mask-assignments.js';
import { maskCredentials } from './mask-credentials.js';
import { maskUrls } from './mask-urls.js';

/** The text with every secret in it replaced that can be recognised. */
export function maskText(text: string): string {
  if (!mayHoldSecret(text)) return text;
  return maskAssignments(maskUrls(maskCredentials(text)));
}

/** What a character may be: a part of a token, a dash of an option, a space, a sign behind a name or inside a URL or element. */
const [OTHER, RUN, DASH, SPACE, SIGN] = [0, 1, 2, 3, 4];

const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if ('=:<'.includes(character)) return SIGN;
  if (character === ' ') return SPACE;
  if (character === '-') return DASH;
  return /[\w.]/.test(character) ? RUN : OTHER;
});

/** Shortest run of token characters that is looked at. */
const shortestRun = 16;
const schemeWord = /bearer|basic|negotiate|token|apikey/i;

/** Quickly tells texts without any sign of a secret from others: most texts of a log are of that kind. */
function mayHoldSecret(text: string): boolean {
  if (text.length < 6) return false;
  let run = 0;
  let dash = false;
  let space = false;
  for (let index = 0; index < text.length; index++) {
    const kind = kinds[text.charCodeAt(index)] ?? OTHER;
    if (kind === SIGN) return true;
    if (kind === RUN || kind === DASH) {
      if (++run === shortestRun) return true;
      if (kind === DASH) dash = true;
    } else {
      run = 0;
      if (kind === SPACE) space = true;
    }
  }
  // `-----BEGIN `, `--token `, `Bearer `.
  return space && (dash || schemeWord.test(text));
}
