/**
 * A policy whose options change while it is in use: one named in configuration. Every later call meets the new options,
 * all of them at once. A call under way keeps the limits that run already, such as its deadline and the time of its
 * attempt; what it begins afterwards, such as its next attempt, meets the new ones. To keep a call to its old options to
 * the end, each call would have to carry the layers with which it began.
 */
import type { Env } from '@fwk/kernel';
import type { BulkheadHandle } from '../bulkhead/bulkhead-handle.js';
import { ListedHandles } from '../layer/listed-handles.js';
import { WeakHandles } from '../layer/weak-handles.js';
import { mergeOptions, type OptionsLevel } from './merge-options.js';
import { PolicyBreakers } from './policy-breakers.js';
import { endsInTime, type PolicyLayer, policyLayer } from './policy-layer.js';
import { FollowingLayers, type PlacedLayer } from './policy-layers.js';
import { PolicyStack } from './policy-stack.js';

/** A policy with its writing end. */
export interface FollowingPolicy {
  readonly layer: PolicyLayer;
  /** Takes on options that have been checked before. */
  follow(levels: readonly OptionsLevel[]): void;
}

/** Something in use whose layers can be exchanged, whatever goes through it. */
interface Exchangeable {
  exchange(placed: readonly PlacedLayer[]): void;
}

/**
 * Makes a policy that follows.
 * @param levels - checked options; see `checkPolicy`.
 */
export function followingPolicy(name: string, levels: readonly OptionsLevel[], env: Env): FollowingPolicy {
  const stacks = new WeakHandles<Exchangeable>();
  const breakers = new PolicyBreakers(name);
  const bulkheads = new ListedHandles<BulkheadHandle>();
  const layers = new FollowingLayers({ policy: name, listBreakers: breakers.list, listBulkheads: bulkheads.list });
  let current = levels;
  let placed = layers.follow(mergeOptions(levels));
  const racing = { raced: endsInTime(placed) };
  const layer = policyLayer(
    {
      name,
      racing,
      get placed() {
        return placed;
      },
      get levels() {
        return current;
      },
      breakers,
      bulkheads,
      build(next, own) {
        const stack = new PolicyStack(next, own);
        stack.exchange(placed);
        stacks.add(stack);
        return stack;
      },
    },
    env,
  );
  return {
    layer,
    follow(changed) {
      const before = placed;
      current = changed;
      placed = layers.follow(mergeOptions(changed));
      if (placed.length === before.length && placed.every((at, index) => at === before[index])) return;
      racing.raced = endsInTime(placed);
      for (const stack of stacks.alive) stack.exchange(placed);
    },
  };
}
