/** Which settings are in effect here, for all who look at instances: so that drift between them is seen. */
import type { Env, InstanceFacts, LiveSource, Timer } from '@fwk/kernel';
import type { Config } from '../settings/config.js';

/** Mean time after a change until it is told, in milliseconds. Each instance waits a little shorter or longer, so that not all tell at once. */
const tellAfterMs = 1000;

/**
 * Sets `config-version` and `config-hash` among the facts of the instance, now and about a second after each change.
 * @param facts - what discovery tells the registry.
 */
export function tellVersion(
  config: Pick<Config, 'version' | 'hash'> & { onChange(listener: () => void): Disposable },
  { clock, random }: Env,
  facts: LiveSource<InstanceFacts>,
): Disposable {
  let timer: Timer | undefined;
  const tell = () => {
    timer = undefined;
    facts.set({ ...facts.value, 'config-version': String(config.version), 'config-hash': config.hash });
  };
  tell();
  // By this name a dry run says who would be told of a change.
  const changes = config.onChange(function instanceMetadata() {
    timer ??= clock.setTimer(tell, tellAfterMs * (0.5 + random()), true);
  });
  return {
    [Symbol.dispose]() {
      changes[Symbol.dispose]();
      if (timer) clock.clearTimer(timer);
    },
  };
}
