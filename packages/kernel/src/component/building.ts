import { sharedState } from './shared-state.js';
import type { Resolver } from './token.js';

const building = sharedState('building', (): { current: Resolver | undefined } => ({ current: undefined }));

/**
 * Runs `build`, which makes an object synchronously, so that {@link currentResolver} answers `resolver` in it. A
 * container calls it round each thing it builds; functions that fill fields (`setting()`) thus find the container
 * without knowing it. `undefined` hides an outer one.
 */
export function buildWith<T>(resolver: Resolver | undefined, build: () => T): T {
  const outer = building.current;
  building.current = resolver;
  try {
    return build();
  } finally {
    building.current = outer;
  }
}

/** The container that is building something right now; undefined outside. */
export function currentResolver(): Resolver | undefined {
  return building.current;
}
