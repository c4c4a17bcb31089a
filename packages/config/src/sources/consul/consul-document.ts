/** Settings in one document under a key of Consul's key-value store. */
import type { ConfigSource, SourceValues } from '../../source/source.js';
import { readSettings } from '../remote/http.js';
import { consulErrors, nothingThere } from './consul-errors.js';
import { type ConsulPlace, type ConsulSourceOptions, checkedKey, checkedPlace } from './consul-options.js';
import { type Asker, type Heard, HeldQuestion, type Read } from './held-question.js';
import { encodedKey } from './key-range.js';
import { entriesIn, indexOf, textIn } from './kv-answers.js';

/**
 * Settings in one YAML or JSON document under a key of Consul, of at most 512 kB, as Consul allows. A key that ends in `.json` holds JSON, any
 * other YAML, of which JSON is a part. A change is seen at once.
 * @param key - such as `config/shop.yaml`.
 * @throws OptionsError.
 */
export function consulDocumentSource(key: string, options?: Partial<ConsulSourceOptions>): ConfigSource {
  const place = checkedPlace('consulDocumentSource', checkedKey('consulDocumentSource', 'the key', key), options);
  const path = `/kv/${encodedKey(key)}`;
  const question = new HeldQuestion(place, { path }, consulErrors(place.name, `key "${key}" { policy = "read" }`));
  return {
    name: place.name,
    load: (context) => question.load(context, (asker, heard) => read(place, asker, heard)),
    watch: (changed, env) => question.watch(changed, env),
  };
}

async function read({ name, key, options }: ConsulPlace, asker: Asker, heard?: Heard): Promise<Read<SourceValues>> {
  const { value, index } = heard ?? (await ask(key, asker));
  const [entry] = value === null ? [] : entriesIn(value, asker);
  if (!entry) throw nothingThere(name, `no key "${key}"`);
  const values = await readSettings(name, textIn(entry.value, { source: name, key }), key.endsWith('.json'));
  return { result: { ...values, secret: options.secret }, index };
}

async function ask(key: string, asker: Asker): Promise<Heard> {
  const answer = await asker.ask({ path: `/kv/${encodedKey(key)}` });
  return { index: indexOf(answer, asker), value: answer.status === 404 ? null : asker.parse(answer.text) };
}
