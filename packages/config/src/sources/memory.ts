import type { ConfigSource } from '../source/source.js';

/** A source whose words a test decides. */
export interface MemorySource extends ConfigSource {
  /** Says something else from now on and tells all watchers. */
  set(values: object): void;
  /** Fails from now on, until `set`, and tells all watchers. */
  fail(error: unknown): void;
  /** How often it was loaded. */
  readonly loads: number;
  /** How many watch it. */
  readonly watchers: number;
}

/** Makes a source in memory; hand it to `config({ sources: [...] })` or `loadConfig`. */
export function memorySource(name: string, values: object): MemorySource {
  let say: { readonly values: object } | { readonly error: unknown } = { values };
  let loads = 0;
  const listeners = new Set<() => void>();
  const become = (next: typeof say) => {
    say = next;
    for (const changed of [...listeners]) changed();
  };
  return {
    name,
    async load({ call }) {
      loads++;
      if (call.cancelled) throw call.reason;
      if ('error' in say) throw say.error;
      // Whoever loads copies it.
      return { tree: say.values };
    },
    watch(changed) {
      const own = () => changed();
      listeners.add(own);
      return { [Symbol.dispose]: () => void listeners.delete(own) };
    },
    set: (next) => become({ values: next }),
    fail: (error) => become({ error }),
    get loads() {
      return loads;
    },
    get watchers() {
      return listeners.size;
    },
  };
}
