/**
 * Reads the references in a text: `${a.b}` is another setting, `${env:NAME}` a variable of the environment, `${file:PATH}` what a
 * file holds. `${env:NAME:-usual}` says what stands there when nothing is set. `$${` is the text `${`.
 */

import { parsePath } from '../tree/path.js';

/** One reference in a text. */
export interface Reference {
  /** As it stands in the text, such as `${env:HOST}`, without what stands there when nothing is set: that may be a secret. */
  readonly written: string;
  readonly kind: 'setting' | 'env' | 'file';
  /** Path of a setting, name of a variable, path of a file. */
  readonly name: string;
  /** What stands there when nothing is set; undefined when that is an error. */
  readonly usual: string | undefined;
}

/** A piece of a text: words as they are, or a reference. */
export type Piece = string | Reference;

/** Longest reference, in characters. */
const longest = 1000;

const opening = '$' + '{';

/** True for a text with references or their escape in it. */
export function isTemplate(value: unknown): value is string {
  return typeof value === 'string' && value.includes(opening);
}

/** The pieces of a text, or what is wrong with it, in words that quote none of it. */
export function readTemplate(text: string): readonly Piece[] | { readonly problem: string } {
  const pieces: Piece[] = [];
  let words = '';
  let at = 0;
  for (let start = text.indexOf(opening); start >= 0; start = text.indexOf(opening, at)) {
    if (start > at && text[start - 1] === '$') {
      words += `${text.slice(at, start - 1)}${opening}`;
      at = start + opening.length;
      continue;
    }
    const end = text.indexOf('}', start);
    if (end < 0) return { problem: `a "${opening}" has no "}"; write "$${opening}" where no reference is meant` };
    const inner = text.slice(start + opening.length, end);
    if (inner.length > longest) return { problem: `a reference is longer than ${longest} characters` };
    const reference = readReference(inner);
    if (!reference) return { problem: `a reference names nothing; write "$${opening}" where none is meant` };
    words += text.slice(at, start);
    if (words !== '') pieces.push(words);
    pieces.push(reference);
    words = '';
    at = end + 1;
  }
  words += text.slice(at);
  if (words !== '' || pieces.length === 0) pieces.push(words);
  return pieces;
}

function readReference(inner: string): Reference | undefined {
  const cut = inner.indexOf(':-');
  const named = (cut < 0 ? inner : inner.slice(0, cut)).trim();
  const kind = named.startsWith('env:') ? 'env' : named.startsWith('file:') ? 'file' : 'setting';
  const name = kind === 'setting' ? named : named.slice(kind.length + 1);
  if (inner.includes(opening) || name === '' || (kind === 'setting' && !isPath(name))) return undefined;
  return { written: `${opening}${named}}`, kind, name, usual: cut < 0 ? undefined : inner.slice(cut + 2) };
}

function isPath(name: string): boolean {
  try {
    return parsePath(name).length > 0;
  } catch {
    return false;
  }
}
