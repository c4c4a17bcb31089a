/** What Consul answers about keys, read with distrust. */
import type { AskConsul, ConsulAnswer } from '@fwk/kernel/consul';
import { ConfigError } from '../../errors.js';
import type { Origin } from '../../tree/origin.js';
import type { ListedKey } from './key-range.js';

/** A key as Consul has it. */
export interface KvEntry extends ListedKey {
  /** In base64; empty for a key without a value. */
  readonly value: string;
}

/** @throws an error of whoever asks when it is no list of keys. */
export function entriesIn(answer: unknown, client: Pick<AskConsul, 'unavailable'>): KvEntry[] {
  if (!Array.isArray(answer)) throw client.unavailable('it answered something that is no list of keys');
  return answer.map((entry: unknown) => {
    const { Key: key, Value: value, ModifyIndex: index } = Object(entry) as Record<string, unknown>;
    if (typeof key !== 'string' || typeof index !== 'number' || (typeof value !== 'string' && value !== null))
      throw client.unavailable('it answered a key without its name, value or index');
    return { key, index, value: value ?? '' };
  });
}

/** @throws an error of whoever asks when the answer says no state. */
export function indexOf({ index }: ConsulAnswer, client: Pick<AskConsul, 'unavailable'>): number {
  if (index === undefined) throw client.unavailable('it answered without X-Consul-Index');
  return index;
}

/** The text of a value. @throws ConfigError `FWK_CONFIG_FILE_ENCODING`. */
export function textIn(value: string, origin: Origin): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'base64'));
  } catch (cause) {
    throw new ConfigError('FWK_CONFIG_FILE_ENCODING', 'the value is not valid UTF-8', { origin, cause });
  }
}
