/**
 * Answers "why has this setting this value?": the value, the source that won with file and line or variable, and
 * everything that it overrode. All values are masked, so the answers may be shown and logged.
 */

import { isTemplate, readTemplate } from '../resolve/template.js';
import type { Secrets } from '../secret/secret.js';
import type { Layer } from '../source/layer.js';
import { formatOrigin, type Origin } from '../tree/origin.js';
import { type ConfigPath, formatPath, parsePath } from '../tree/path.js';
import { type ConfigTree, eachLeaf, isTree, valueAt } from '../tree/tree.js';

/** What one source says about a setting. */
export interface Candidate extends Origin {
  /** The origin in words: `config.yaml:3:5`, `variable FWK_PORT`, `defaults`. */
  readonly where: string;
  /** As the source has it, before validation; masked. */
  readonly value: unknown;
  /** `part` for an object that sources above and below add to. */
  readonly role: 'winner' | 'part' | 'overridden';
}

/** Why a setting has its value. */
export interface Explanation {
  readonly path: string;
  /** False when the setting is set nowhere, not even by the schema. */
  readonly found: boolean;
  /** In effect, after validation; masked. */
  readonly value: unknown;
  readonly secret: boolean;
  /** Undefined when only the schema supplies the value, or nothing does. */
  readonly winner: Candidate | undefined;
  /** All that sources say about it, the strongest first. */
  readonly candidates: readonly Candidate[];
  /** What the winner refers to, in the order of its text; empty where it refers to nothing. */
  readonly parts: readonly Part[];
}

/** One reference in the text of a setting. */
export interface Part {
  /** As it is written, such as `${db.host}`. */
  readonly reference: string;
  /** Where that was set: `config.yaml:3:5`, `variable DB_HOST`, `file /run/secrets/db`. */
  readonly where: string;
  /** What it stands for, masked; undefined for variables and files, which are not shown. */
  readonly value: unknown;
}

/** Settings in effect, with what is known of them. */
export interface Explained {
  /** What the schema made of them. */
  readonly tree: unknown;
  /** Merged, with what references stand for. */
  readonly raw: ConfigTree;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  readonly secrets: Secrets;
}

/** Explains one setting. */
export function explainPath(path: ConfigPath, explained: Explained): Explanation {
  const { tree, layers, secrets } = explained;
  const candidates: Candidate[] = [];
  let hidden = false;
  let whole = true;
  for (const layer of layers.toReversed()) {
    const value = valueAt(layer.tree, path);
    if (value !== undefined) {
      const role = hidden ? 'overridden' : candidates.length > 0 ? 'part' : 'winner';
      candidates.push({ ...candidate(layer, path, value, secrets), role });
      whole = isTree(value);
    }
    // A single value or list hides everything below it, wherever on the way to the path it stands.
    hidden ||= (value !== undefined && !whole) || cutsOff(layer.tree, path);
  }
  const value = valueAt(tree, path);
  const written = layers.findLast((layer) => valueAt(layer.tree, path) !== undefined);
  return {
    path: formatPath(path),
    found: value !== undefined,
    value: secrets.masked(value, path),
    secret: secrets.has(path, value),
    winner: candidates.find((each) => each.role === 'winner'),
    candidates,
    parts: partsOf(written && valueAt(written.tree, path), explained),
  };
}

function partsOf(written: unknown, { raw, layers, secrets }: Explained): Part[] {
  const pieces = isTemplate(written) ? readTemplate(written) : [];
  if ('problem' in pieces) return [];
  return pieces.flatMap((piece) => {
    if (typeof piece === 'string') return [];
    const { written: reference, kind, name } = piece;
    if (kind === 'env') return [{ reference, where: `variable ${name}`, value: undefined }];
    if (kind === 'file') return [{ reference, where: `file ${name}`, value: undefined }];
    const path = parsePath(name);
    const origin = winningOrigin(path, layers);
    const where = origin ? formatOrigin(origin) : 'the reference itself';
    return [{ reference, where, value: secrets.masked(valueAt(raw, path), path) }];
  });
}

/** Where the value at a path was set; undefined when no source set it, and for the whole, which has no one place. */
export function winningOrigin(path: ConfigPath, layers: readonly Layer[]): Origin | undefined {
  if (path.length === 0) return undefined;
  for (const layer of layers.toReversed()) {
    if (valueAt(layer.tree, path) !== undefined) return layer.originOf(path);
    if (cutsOff(layer.tree, path)) return undefined;
  }
  return undefined;
}

/** Where each single setting was set, in words. */
export function originsOf(tree: ConfigTree, layers: readonly Layer[]): Record<string, string> {
  const origins: [string, string][] = [];
  eachLeaf(tree, (path) => {
    if (path.length === 0) return;
    const origin = winningOrigin(path, layers);
    origins.push([formatPath(path), origin ? formatOrigin(origin) : 'schema']);
  });
  return Object.fromEntries(origins);
}

function candidate(layer: Layer, path: ConfigPath, value: unknown, secrets: Secrets): Omit<Candidate, 'role'> {
  const origin = layer.originOf(path);
  return { ...origin, where: formatOrigin(origin), value: secrets.masked(value, path) };
}

/** Whether the tree has something on the way to the path that is no object, so that nothing below shows through. */
function cutsOff(tree: ConfigTree, path: ConfigPath): boolean {
  let value: unknown = tree;
  for (const part of path) {
    if (value === undefined) return false;
    if (!isTree(value)) return true;
    value = valueAt(value, [part]);
  }
  return false;
}
