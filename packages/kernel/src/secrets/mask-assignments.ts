import { anySecret, isSecretName, mask } from './secret-name.js';

/**
 * Values under secret names inside a text: `?token=…&`, `;Password=…;`, `password = … user=…`, `"apiKey": "…"`,
 * `{ password: '…' }`, `X-Api-Key: …`, `--token …`, `<password>…</password>`, `Cookie: …`.
 */
export function maskAssignments(text: string): string {
  return maskHeaderLines(maskElements(maskLabels(maskMembers(maskPairs(text)))));
}

/** Longest name that is looked for in front of a sign. */
const longestName = 64;

/** `name=value`, in queries to the next `&`, in connection strings to the next `;`, elsewhere to the next space. */
function maskPairs(text: string): string {
  let at = text.indexOf('=');
  if (at < 0) return text;
  const next = new NextPlaces(text);
  let masked = '';
  let done = 0;
  while (at >= 0) {
    const nameEnd = skipSpaces(text, at, -1);
    const from = nameStart(text, nameEnd);
    const name = text.slice(from, nameEnd);
    // Judged without its value first, since most names are harmless and finding the end of a value costs more.
    if (name !== '' && isSecretName(decoded(name), anySecret)) {
      const start = skipSpaces(text, at + 1, 1);
      const end = valueEnd(text, start, from, next);
      const value = text.slice(start, end);
      if (value !== '' && isSecretName(decoded(name), parsedValue(value))) {
        masked += text.slice(done, start) + mask;
        done = end;
      }
    }
    at = text.indexOf('=', Math.max(done, at + 1));
  }
  return masked + text.slice(done);
}

/** Where at most four spaces end, forwards (1) or backwards (-1). */
function skipSpaces(text: string, at: number, step: 1 | -1): number {
  let end = at;
  while (Math.abs(end - at) < 4 && text.charAt(step > 0 ? end : end - 1) === ' ') end += step;
  return end;
}

function nameStart(text: string, at: number): number {
  let from = at;
  while (from > 0 && at - from < longestName && /[\w.%[\]-]/.test(text.charAt(from - 1))) from--;
  return from;
}

/** Names of secrets are ASCII. `decodeURIComponent` would throw for what is broken, which costs far more than all else here. */
function decoded(name: string): string {
  if (!name.includes('%')) return name;
  return name.replace(/%([2-7][\da-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** As far as it matters to whether it may be a secret. */
function parsedValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}

const closing: Readonly<Record<string, RegExp>> = { '"': /"/g, "'": /'/g, '{': /}/g };
const queryEnd = /[&#\s"'<>`]/g;
const connectionEnd = /[;\r\n]/g;
const plainEnd = /[\s;"<>`]/g;

function valueEnd(text: string, start: number, nameAt: number, next: NextPlaces): number {
  const close = closing[text.charAt(start)];
  if (close) {
    const end = next.of(close, start + 1);
    if (end < text.length) return end + 1;
  }
  let before = nameAt - 1;
  while (before >= 0 && before > nameAt - longestName && text.charAt(before) === ' ') before--;
  const sign = text.charAt(before);
  if (sign === '?' || sign === '&' || sign === '#') return next.of(queryEnd, start);
  // A connection string; its first part has nothing in front of it.
  if (sign === ';' || (before < 0 && text.includes(';'))) return next.of(connectionEnd, start);
  return next.of(plainEnd, start);
}

/**
 * Where each of a few signs stands next. Asked from left to right it remembers, so that a text costs linear time even when
 * every place in it asks for the same far sign.
 */
class NextPlaces {
  readonly #text: string;
  readonly #found = new Map<RegExp, { readonly from: number; readonly at: number }>();

  constructor(text: string) {
    this.#text = text;
  }

  /** The first place of `sign` from `from` on, or the end of the text. */
  of(sign: RegExp, from: number): number {
    const known = this.#found.get(sign);
    if (known && known.from <= from && from <= known.at) return known.at;
    sign.lastIndex = from;
    const at = sign.exec(this.#text)?.index ?? this.#text.length;
    this.#found.set(sign, { from, at });
    return at;
  }
}

/** A text that was cut has no quote at its end. */
const member = /"([\w .-]{1,64})"(\s{0,8}:\s{0,8})("(?:[^"\\]|\\.)*(?:"|\\?$)|[\w.+-]{1,64})/g;
const escapedMember = /\\"([\w .-]{1,64})\\"(\s{0,8}:\s{0,8})\\"(?:[^\\]|\\(?!"))*\\"/g;

/** Members of JSON inside a text, and of JSON inside that. */
function maskMembers(text: string): string {
  if (!text.includes('":') && !text.includes('" :')) return text;
  return text
    .replace(member, (all, name: string, sign: string, value: string) => {
      const known = value.startsWith('"') ? value : parsedValue(value);
      return value !== 'null' && value !== '""' && isSecretName(name, known) ? `"${name}"${sign}"${mask}"` : all;
    })
    .replace(escapedMember, (all, name: string, sign: string) =>
      isSecretName(name) ? `\\"${name}\\"${sign}\\"${mask}\\"` : all,
    );
}

/** A name with the sign behind it: `password: `, `'api-key' => `, `--token `. */
const label = /(?<![\w.-])(?:--?([\w.-]{1,64}) |(?<quote>['"]?)([\w.-]{1,64})\k<quote>( {0,2}(?::|=>) {0,4}))/g;

/** What may stand behind it; a text that was cut has no quote at its end. Read only behind names of secrets. */
const labelled = /'[^'\r\n]+'?|"[^"\r\n]+"?|`[^`\r\n]+`?|[^\s'"`,;(){}<>[\]]{1,512}/y;

/**
 * What stands behind a name and a colon, as in printed objects and header lines, or behind an option of a command. In a
 * sentence ("token: expected a text") what follows is a word; a secret is quoted, has a digit or is long.
 */
function maskLabels(text: string): string {
  let masked = '';
  let done = 0;
  for (const match of text.matchAll(label)) {
    const name = match[1] ?? match[3] ?? '';
    const start = match.index + match[0].length;
    if (start <= done || !isSecretName(name)) continue;
    labelled.lastIndex = start;
    const value = labelled.exec(text)?.[0] ?? '';
    const quote = /^['"`]/.exec(value)?.[0] ?? '';
    const spaced = match[1] !== undefined || match[0].endsWith(' ');
    const form = { quoted: quote !== '', spaced, next: text.charAt(start + value.length) };
    if (value.includes(mask) || !isLabelledSecret(name, value, form)) continue;
    masked += text.slice(done, start) + quote + mask + quote;
    done = start + value.length;
  }
  return masked + text.slice(done);
}

interface LabelForm {
  readonly quoted: boolean;
  /** Whether there is a space in front of the value. */
  readonly spaced: boolean;
  /** The character behind the value. */
  readonly next: string;
}

function isLabelledSecret(name: string, value: string, { quoted, spaced, next }: LabelForm): boolean {
  if (value === '') return false;
  if (quoted) return true;
  const header = name.includes('-') && !name.includes('.') && '\r\n\'"'.includes(next);
  if (header) return true;
  // `token.ts:48:14` is a place in a source.
  if (!spaced) return !name.includes('.') && value.length >= 8 && /\d/.test(value) && /[a-z]/i.test(value);
  return value.length >= 4 && (value.length >= 20 || /\d/.test(value));
}

/** Elements of XML that have text only. */
function maskElements(text: string): string {
  if (!text.includes('</')) return text;
  return text.replace(/<([\w:.-]{1,64})>([^<]+)(?=<\/)/g, (all, name: string) =>
    isSecretName(name) ? `<${name}>${mask}` : all,
  );
}

const headerLine = /(^|[\r\n'"])((?:proxy-)?authorization|(?:set-)?cookie)(:[ \t]{0,8})([^\r\n'"]+)/gi;

/** Header lines as they are sent. A cookie has an equals sign; without one it is a sentence, and with a `<` it is an example. */
function maskHeaderLines(text: string): string {
  return text.replace(headerLine, (all, before: string, name: string, sign: string, value: string) =>
    value.includes('<') || (/cookie/i.test(name) && !value.includes('=')) ? all : `${before}${name}${sign}${mask}`,
  );
}
