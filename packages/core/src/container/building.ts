import { buildWith, type InjectionKey, type Resolver } from '@fwk/kernel';
import type { Scope } from './injectable.js';

/** One thing being built, and for whom. Building is synchronous, so the chain of frames is exact. */
export interface Frame {
  /** Who answers `inject()` meanwhile. */
  readonly resolver: Resolver;
  /** Identity of what is being built. */
  readonly registration: object;
  readonly name: string;
  readonly scope: Scope;
  readonly outer: Frame | undefined;
}

let current: Frame | undefined;

/** The innermost thing being built right now. */
export function currentFrame(): Frame | undefined {
  return current;
}

/** Runs `build` as the innermost frame; functions of other packages that fill fields see its resolver. */
export function within<T>(frame: Frame | undefined, build: () => T): T {
  const previous = current;
  current = frame;
  try {
    return buildWith(frame?.resolver, build);
  } finally {
    current = previous;
  }
}

/** Names from the outermost to the innermost. */
export function pathOf(frame: Frame | undefined): string[] {
  const names: string[] = [];
  for (let each = frame; each; each = each.outer) names.unshift(each.name);
  return names;
}

/** A key as people read it. */
export function nameOf(key: InjectionKey<unknown>): string {
  return key.name || 'an unnamed class';
}
