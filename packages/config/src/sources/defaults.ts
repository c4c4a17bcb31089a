import type { ConfigSource } from '../source/source.js';

/**
 * Settings written in code; the lowest source. They never change, so nothing is watched.
 * @param values - an object literal.
 * @param name - for people. @defaultValue 'defaults'
 */
export function defaultsSource(values: object, name = 'defaults'): ConfigSource {
  return {
    name,
    load: async ({ call }) => {
      if (call.cancelled) throw call.reason;
      return { tree: values };
    },
    watch: () => ({ [Symbol.dispose]() {} }),
  };
}
