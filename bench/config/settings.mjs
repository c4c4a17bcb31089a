/** Reading one live setting, and an edit that changes 1,000 settings for 1,000 subscribers, checked before it takes effect. */
import { performance } from 'node:perf_hooks';
import * as fwk from '../fwk.mjs';
import { quick } from '../lib.mjs';

const { loadConfig, memorySource } = await fwk.config();

const names = Array.from({ length: 1000 }, (_, at) => `key${at}`);
const settings = (round) => ({ shop: Object.fromEntries(names.map((name, at) => [name, at + round])) });

const schema = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: (value) =>
      names.every((name) => typeof value.shop[name] === 'number')
        ? { value }
        : { issues: [{ message: 'a number is needed', path: ['shop'] }] },
  },
};

/** Nanoseconds of reading one live setting. */
export async function read() {
  const config = await loadConfig({ defaults: settings(0), environment: false });
  const live = config.live(({ shop }) => shop.key7);
  const calls = quick ? 1_000_000 : 20_000_000;
  return async () => {
    let sum = 0;
    const startMs = performance.now();
    for (let at = 0; at < calls; at++) sum += live.value;
    const ns = ((performance.now() - startMs) * 1e6) / calls;
    if (sum !== 7 * calls) throw new Error('the setting was not read');
    return ns;
  };
}

/** Milliseconds from an edit of 1,000 settings until the last of 1,000 subscribers was told. */
export async function swap() {
  const store = memorySource('store', settings(0));
  const config = await loadConfig({ schema, sources: [store], environment: false, watch: false });
  let told = 0;
  for (const name of names) config.live(({ shop }) => shop[name]).subscribe(() => told++);
  let round = 0;
  return async () => {
    const edits = quick ? 2 : 20;
    let ms = 0;
    for (let at = 0; at < edits; at++) {
      store.set(settings(++round));
      told = 0;
      const startMs = performance.now();
      await config.reload();
      ms += performance.now() - startMs;
      if (told !== names.length) throw new Error(`${told} of ${names.length} subscribers were told`);
    }
    return ms / edits;
  };
}
