/**
 * JSON for log lines. Most lines have a few numbers and short texts; for these it takes a third of the time of `JSON.stringify`.
 * It also escapes control characters that JSON allows and that some terminals obey.
 */
import { printable } from '@fwk/kernel';

const [QUOTE, BACKSLASH] = [0x22, 0x5c];

/** A text as JSON. */
export function jsonText(text: string): string {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return printable(JSON.stringify(text));
  }
  return `"${text}"`;
}

/** Members of plain data as JSON, a comma in front of each. */
export function jsonMembers(fields: Readonly<Record<string, unknown>>): string {
  let text = '';
  for (const name in fields) text += `,${jsonText(name)}:${jsonValue(fields[name])}`;
  return text;
}

function jsonValue(value: unknown): string {
  if (typeof value === 'string') return jsonText(value);
  if (typeof value === 'object' && value !== null) return printable(JSON.stringify(value));
  return String(value);
}
