/** Which texts stand for something else, and where there is none of them. */
import { isEncrypted } from '../cipher/value-cipher.js';
import { namesSecret } from '../secret/secret.js';
import { isKept, oncePerTree } from '../tree/kept.js';
import { isTree } from '../tree/tree.js';
import { isTemplate } from './template.js';
import { inUnit } from './units.js';

/** True for a text that stands for something else. */
export function needsResolving(value: unknown): value is string {
  return isTemplate(value) || isEncrypted(value);
}

/** True for a tree that is kept, and in which everything stands for itself and no value is secret by what stands beside it. */
export function isPlain(value: unknown): boolean {
  return isKept(value) && standsForItself(value);
}

const standsForItself = oncePerTree((tree) => {
  if (namesSecret(tree)) return false;
  return Object.entries(tree).every(([name, value]) => {
    if (isTree(value)) return isPlain(value);
    if (typeof value !== 'string') return !Array.isArray(value);
    if (needsResolving(value)) return false;
    // Below a number it is the name above that says a unit.
    return !/^\s*\d/.test(value) || (!/^\d+$/.test(name) && inUnit(value, [name]) === value);
  });
});
