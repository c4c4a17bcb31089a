/** Settings in the keys below a folder of Consul's key-value store. */
import type { ConfigSource } from '../../source/source.js';
import { consulErrors } from './consul-errors.js';
import { ConsulKeys, namesBelow } from './consul-keys.js';
import { type ConsulSourceOptions, checkedKey, checkedPlace } from './consul-options.js';
import { HeldQuestion } from './held-question.js';

/**
 * Settings in the keys below a folder of Consul: `config/shop/checkout/maxItems` is `checkout.maxItems` of the folder `config/shop`. Slashes
 * separate levels. Names are spelled as the sources below spell them, without regard to case, `_` and `-`. Values are read as those of
 * variables are, without a last line break. An empty key that ends in a slash, as people make a folder, counts for nothing. A change is
 * seen at once, and of a large tree only the part that has changed is read. At most 100 000 keys.
 * @param folder - such as `config/shop`.
 * @throws OptionsError.
 */
export function consulTreeSource(folder: string, options?: Partial<ConsulSourceOptions>): ConfigSource {
  const key = `${checkedKey('consulTreeSource', 'the folder', folder).replace(/\/$/, '')}/`;
  const place = checkedPlace('consulTreeSource', key, options);
  const keys = new ConsulKeys(place);
  const right = `key_prefix "${key}" { policy = "read" }`;
  const question = new HeldQuestion(place, namesBelow(key), consulErrors(place.name, right));
  return {
    name: place.name,
    load: (context) => question.load(context, (asker, heard) => keys.read(asker, heard, context)),
    watch: (changed, env) => question.watch(changed, env),
  };
}
