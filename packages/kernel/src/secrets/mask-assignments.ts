import { isSecretName, mask } from './secret-name.js';

/**
 * Values under secret names inside a text: `?token=…&`, `;Password=…;`, `password=… user=…`, `"apiKey": "…"`,
 * `Cookie: …`.
 */
export function maskAssignments(text: string): string {
  return maskHeaderLines(maskMembers(maskPairs(text)));
}

/** Longest name that is looked for in front of a sign. */
const longestName = 64;

/** `name=value`, in queries to the next `&`, in connection strings to the next `;`, elsewhere to the next space. */
function maskPairs(text: string): string {
  let at = text.indexOf('=');
  if (at < 0) return text;
  let masked = '';
  let done = 0;
  while (at >= 0) {
    const from = nameStart(text, at);
    const name = text.slice(from, at);
    // Judged without its value first, since most names are harmless and finding the end of a value costs more.
    if (name !== '' && isSecretName(decoded(name))) {
      const end = valueEnd(text, at + 1, from);
      const value = text.slice(at + 1, end);
      if (value !== '' && isSecretName(decoded(name), parsedValue(value))) {
        masked += text.slice(done, at + 1) + mask;
        done = end;
      }
    }
    at = text.indexOf('=', Math.max(done, at + 1));
  }
  return masked + text.slice(done);
}

function nameStart(text: string, at: number): number {
  let from = at;
  while (from > 0 && at - from < longestName && /[\w.%[\]-]/.test(text.charAt(from - 1))) from--;
  return from;
}

function decoded(name: string): string {
  if (!name.includes('%')) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** As far as it matters to whether it may be a secret. */
function parsedValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}

function valueEnd(text: string, start: number, nameAt: number): number {
  const quote = text.charAt(start);
  const close = quote === '{' ? '}' : quote;
  if (quote !== '' && '"\'{'.includes(quote)) {
    const end = text.indexOf(close, start + 1);
    if (end >= 0) return end + 1;
  }
  let before = nameAt - 1;
  while (before >= 0 && before > nameAt - longestName && text.charAt(before) === ' ') before--;
  const sign = text.charAt(before);
  if (sign === '?' || sign === '&' || sign === '#') return endFrom(text, start, /[&#\s"'<>`]/g);
  // A connection string; its first part has nothing in front of it.
  if (sign === ';' || (before < 0 && text.includes(';'))) return endFrom(text, start, /[;\r\n]/g);
  return endFrom(text, start, /[\s;"<>`]/g);
}

function endFrom(text: string, start: number, form: RegExp): number {
  form.lastIndex = start;
  return form.exec(text)?.index ?? text.length;
}

const member = /"([\w .-]{1,64})"(\s{0,8}:\s{0,8})("(?:[^"\\]|\\.)*"|[\w.+-]{1,64})/g;
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

const headerLine = /(^|[\r\n'"])((?:proxy-)?authorization|(?:set-)?cookie)(:[ \t]{0,8})([^\r\n'"]+)/gi;

/** Header lines as they are sent. A cookie has an equals sign; without one it is a sentence, and with a `<` it is an example. */
function maskHeaderLines(text: string): string {
  return text.replace(headerLine, (all, before: string, name: string, sign: string, value: string) =>
    value.includes('<') || (/cookie/i.test(name) && !value.includes('=')) ? all : `${before}${name}${sign}${mask}`,
  );
}
