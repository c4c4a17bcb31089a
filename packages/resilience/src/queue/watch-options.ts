import { isLive } from '@fwk/kernel';

/**
 * Tells of each change of those options that are live. For as long as somebody waits for what they allow: nobody else need
 * be told, since options are read anew with each call.
 * @returns ends the watch.
 */
export function watchOptions(options: readonly unknown[], changed: () => void): Disposable {
  const subscriptions = options.filter(isLive).map((option) => option.subscribe(changed));
  return {
    [Symbol.dispose]() {
      for (const subscription of subscriptions) subscription[Symbol.dispose]();
    },
  };
}
