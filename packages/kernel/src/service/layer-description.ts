import { inspect } from 'node:util';
import { currentOf } from '../live/live.js';
import type { AnyLayer } from './built-stack.js';

/** One layer as people see it. */
export interface LayerDescription {
  readonly role: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** The layers of the scope inside this one, outermost first, where it has such a scope: a balancer has one for each endpoint. */
  readonly inner?: readonly LayerDescription[];
}

/** One layer as it is now. */
export function describeLayer(layer: Pick<AnyLayer, 'role' | 'describe' | 'inner'>): LayerDescription {
  const inner = layer.inner?.();
  return { role: layer.role, settings: layer.describe?.() ?? {}, ...(inner && { inner }) };
}

/** A stack in one line a layer, outermost first: `retry(maxAttempts=3)`. The layers of an inner scope are indented. */
export function formatStack(layers: readonly LayerDescription[]): string {
  return linesOf(layers, '').join('\n');
}

function linesOf(layers: readonly LayerDescription[], indent: string): string[] {
  return layers.flatMap(({ role, settings, inner }) => {
    const parts = Object.entries(settings).map(([name, value]) => `${name}=${shown(value)}`);
    return [`${indent}${role}(${parts.join(', ')})`, ...linesOf(inner ?? [], `${indent}  `)];
  });
}

function shown(setting: unknown): string {
  const value = currentOf(setting);
  return typeof value === 'string' ? value : inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
}
