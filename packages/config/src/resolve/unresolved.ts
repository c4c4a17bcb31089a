/** The texts in settings that stand for something else, before anything is put in their places. */
import { isSecretName } from '@fwk/kernel';
import { isEncrypted } from '../cipher/value-cipher.js';
import type { ConfigPath } from '../tree/path.js';
import { type ConfigTree, isTree } from '../tree/tree.js';
import { isPlain, needsResolving } from './plain.js';
import { readTemplate } from './template.js';

/** One of them. */
export interface Unresolved {
  readonly path: ConfigPath;
  readonly text: string;
}

/** All of them in a tree. */
export function unresolvedIn(tree: ConfigTree): readonly Unresolved[] {
  const found: Unresolved[] = [];
  const look = (value: ConfigTree | readonly unknown[], path: ConfigPath): void => {
    if (isPlain(value)) return;
    for (const [key, item] of Object.entries(value)) {
      if (needsResolving(item)) found.push({ path: [...path, key], text: item });
      else if (isTree(item) || Array.isArray(item)) look(item, [...path, key]);
    }
  };
  look(tree, []);
  return found;
}

/**
 * Whether whoever wrote the text kept a secret elsewhere: encrypted, in a file, in a variable with such a name. What another source sets in
 * its place is secret then too.
 */
export function standsForSecret(text: string): boolean {
  if (isEncrypted(text)) return true;
  const pieces = readTemplate(text);
  if ('problem' in pieces) return false;
  return pieces.some(
    (piece) =>
      typeof piece === 'object' && (piece.kind === 'file' || (piece.kind === 'env' && isSecretName(piece.name))),
  );
}
