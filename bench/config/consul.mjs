/** One changed key of a tree in a real Consul: from before it is written until the listener of that setting is told. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startConsul } from '../consul-agent.mjs';
import * as fwk from '../fwk.mjs';

/** As many changes as Consul takes in one transaction. */
const batch = 60;

/** Milliseconds for a tree of 100 keys, for one of 10,000 in 100 folders, and for one of 10,000 in a single folder. */
export async function consulKey() {
  const { url, ask } = await startConsul();
  return {
    of100: await changeIn('small', url, ask, (at) => `part${at % 10}/key${at}`, 100),
    of10000: await changeIn('large', url, ask, (at) => `part${at % 100}/key${at}`, 10_000),
    flat10000: await changeIn('flat', url, ask, (at) => `key${at}`, 10_000),
  };
}

async function changeIn(folder, url, ask, nameOf, count) {
  const [{ loadConfig }, { consulTreeSource }] = [await fwk.config(), await import('@fwk/config/consul')];
  const names = Array.from({ length: count }, (_, at) => nameOf(at));
  for (let start = 0; start < count; start += batch) await write(ask, folder, names.slice(start, start + batch));
  const config = await loadConfig({ sources: [consulTreeSource(folder, { url })], environment: false });
  let round = 0;
  return async () => {
    // What is done after a change (the pace between questions) must be over.
    await sleep(100);
    const name = names[(++round * 7919) % count];
    const value = `value ${round}`;
    let listening;
    const told = new Promise((resolve) => {
      listening = config.get(name.replace('/', '.')).subscribe((now) => now === value && resolve(performance.now()));
    });
    const startMs = performance.now();
    await ask(`/v1/kv/${folder}/${name}`, { method: 'PUT', body: value });
    const ms = (await told) - startMs;
    listening[Symbol.dispose]();
    return ms;
  };
}

async function write(ask, folder, names) {
  const Value = Buffer.from('a value as settings have').toString('base64');
  const changes = names.map((name) => ({ KV: { Verb: 'set', Key: `${folder}/${name}`, Value } }));
  const { status } = await ask('/v1/txn', { method: 'PUT', body: JSON.stringify(changes) });
  if (status !== 200) throw new Error(`Consul answered ${status}`);
}
