/** One own instance, step by step: against a script and a clock of its own, where order and moments count. */
import { type CallContext, cancellable, isFwkError, makeEnv, sleep } from '@fwk/kernel';
import { type FakeClock, fakeClock } from '@fwk/kernel/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { entryOf, ScriptedAgent } from '../../fixtures/consul/scripted-agent.js';
import { anInstance } from '../../testing/instances.js';
import { checkConsulOptions } from './check-consul-options.js';
import type { ConsulOptions } from './consul-options.js';
import { ConsulWriter } from './consul-writer.js';
import { isRecord } from './health-entries.js';

const options = checkConsulOptions({}, {});
const instance = anInstance();
const rival = anInstance({ port: 4009 });

let agent: ScriptedAgent;
let clock: FakeClock;
let writer: ConsulWriter;

beforeEach(() => {
  agent = new ScriptedAgent();
  clock = fakeClock();
  writer = new ConsulWriter(agent, 'us', options, makeEnv({ clock }), () => {});
});

const settled = async <T>(work: Promise<T>) => {
  let done: T | Error | undefined;
  const all = work.then(
    (value) => {
      done = value;
    },
    (error: Error) => {
      done = error;
    },
  );
  for (let ms = 0; ms < 2000 && done === undefined; ms += 10) await clock.advance(10);
  await all;
  return done;
};

const putIns = () => agent.asked.filter((each) => each.endsWith('/agent/service/register')).length;
const outs = () => agent.asked.filter((each) => each.includes('/agent/service/deregister/')).length;
const isDuplicate = (error: unknown) => isFwkError(error, 'FWK_DISCOVERY_DUPLICATE_INSTANCE');

describe('an own instance', () => {
  test('is claimed once, and written without being claimed while it is ours', async () => {
    await writer.register(instance);
    const before = agent.asked.length;
    await writer.register(anInstance({ status: 'DRAINING' }));
    expect(agent.asked.slice(before)).toEqual([
      'PUT /agent/service/register',
      'PUT /agent/check/update/service%3Ainventory-1',
    ]);
    expect(await writer.renew([instance.id])).toEqual([]);
  });

  test('is claimed again after the agent was away', async () => {
    await writer.register(instance);
    writer.doubt();
    expect(await writer.renew([instance.id])).toEqual([instance.id]);
    agent.replace(rival);
    expect(isDuplicate(await settled(writer.register(instance)))).toBe(true);
    expect(agent.services.get(instance.id)).toEqual(entryOf(rival, 'somebody else', 1));
  });

  test('that could not be claimed again is put in again with the next renewal, and not with the next loss', async () => {
    await writer.register(instance);
    writer.doubt();
    agent.fault = async () => {
      throw agent.unavailable('status 500');
    };
    await expect(writer.register(instance)).rejects.toThrow('status 500');
    expect(writer.troubles).toEqual([expect.stringContaining('status 500')]);
    agent.fault = () => undefined;
    expect(await writer.renew([instance.id])).toEqual([instance.id]);
    await writer.register(instance);
    expect(await writer.renew([instance.id])).toEqual([]);
    expect(writer.troubles).toEqual([]);
  });

  test('waits for somebody who is on their way out, the first time', async () => {
    agent.others = [{ instance: rival, since: 1 }];
    const registering = writer.register(instance);
    await clock.advance(500);
    expect(putIns()).toBe(0);
    agent.others = [];
    expect(await settled(registering)).toBeUndefined();
    expect(putIns()).toBe(1);
  });

  test('that is ours no longer does not wait for whoever has it, and says why it is not registered', async () => {
    await writer.register(instance);
    writer.doubt();
    agent.services.clear();
    agent.others = [{ instance: rival, since: 1 }];
    expect(isDuplicate(await settled(writer.register(instance)))).toBe(true);
    const startMs = clock.now();
    await expect(writer.register(instance)).rejects.toSatisfy(isDuplicate);
    expect(clock.now()).toBe(startMs);
    expect(writer.troubles).toEqual([expect.stringContaining('4009')]);
    agent.others = [];
    await writer.register(instance);
    expect(writer.troubles).toEqual([]);
  });

  test('that was refused the first time is waited for when somebody tries anew, and leaves no trouble behind', async () => {
    agent.others = [{ instance: rival, since: 1 }];
    expect(isDuplicate(await settled(writer.register(instance)))).toBe(true);
    expect(writer.troubles).toEqual([]);
    const again = writer.register(instance);
    await clock.advance(100);
    agent.others = [];
    expect(await settled(again)).toBeUndefined();
  });

  test('takes itself out when it turns out that somebody came first', async () => {
    const registering = settled(writer.register(instance));
    agent.fault = (path) => {
      if (path === '/agent/service/register') agent.others = [{ instance: rival, since: 1 }];
      return undefined;
    };
    expect(isDuplicate(await registering)).toBe(true);
    expect(agent.services.size).toBe(0);
  });

  test('is put in again once a look has found that somebody came first, and then gives way', async () => {
    await writer.register(instance);
    agent.others = [{ instance: rival, since: 1 }];
    const found: (readonly string[])[] = [];
    for (let at = 0; at < 11; at++) {
      found.push(await writer.renew([instance.id]));
      await clock.settle();
    }
    expect(found.map(({ length }) => length)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(isDuplicate(await settled(writer.register(instance)))).toBe(true);
    expect(agent.services.size).toBe(0);
  });

  test('is proven with each renewal as long as the servers have no leader', async () => {
    agent.led = false;
    await writer.register(instance);
    const questions = () => agent.asked.filter((each) => each.startsWith('GET /health/service/')).length;
    const before = questions();
    for (let at = 0; at < 3; at++) {
      expect(await writer.renew([instance.id])).toEqual([]);
      await clock.settle();
    }
    expect(questions() - before).toBe(3);
  });

  test('is known to be missing when the agent has forgotten it, and when another has its id', async () => {
    await writer.register(instance);
    agent.services.clear();
    expect(await writer.renew([instance.id])).toEqual([instance.id]);
    await writer.register(instance);
    agent.replace(rival);
    expect(await writer.renew([instance.id])).toEqual([instance.id]);
  });

  test('takes out nobody who has its id meanwhile', async () => {
    await writer.register(instance);
    agent.replace(rival);
    await writer.deregister(instance.id);
    expect(outs()).toBe(0);
    expect(agent.services.size).toBe(1);
    await writer.deregister(instance.id);
  });

  test('is taken out later when the agent failed just then', async () => {
    await writer.register(instance);
    agent.fault = async () => {
      throw agent.unavailable('status 500');
    };
    await expect(writer.deregister(instance.id)).rejects.toThrow('status 500');
    agent.fault = () => undefined;
    await writer.deregister(instance.id);
    expect(agent.services.size).toBe(0);
    expect(writer.troubles).toEqual([]);
  });

  test('is reported with its newest facts though they were written while an older report was under way', async () => {
    await writer.register(instance);
    const { context, cancel } = cancellable();
    let holds = true;
    agent.fault = (path) => {
      if (!path.startsWith('/agent/check/update/') || !holds) return undefined;
      holds = false;
      return sleep(clock, 60_000, context).catch(() => {});
    };
    const renewing = writer.renew([instance.id]);
    await clock.settle();
    await writer.register(anInstance({ status: 'DRAINING' }));
    const before = agent.asked.length;
    cancel();
    await renewing;
    expect(agent.asked.slice(before)).toEqual(['PUT /agent/check/update/service%3Ainventory-1']);
  });
});

describe('the HTTP check of an instance that speaks TLS', () => {
  const spoken = anInstance({ metadata: { scheme: 'https' } });
  const checks = () =>
    agent.bodies.map((body) => (isRecord(body) && Array.isArray(body.Checks) ? body.Checks[0] : undefined));
  const write = (given: Partial<ConsulOptions>, of = spoken) => {
    const http = checkConsulOptions({ check: 'http', ...given }, {});
    return new ConsulWriter(agent, 'us', http, makeEnv({ clock }), () => {}).register(of);
  };

  test('asks for the name of the service, and verifies, unless told otherwise', async () => {
    await write({});
    await write({ checkTls: { serverName: 'other.internal', verify: false } });
    await write({}, instance);
    expect(checks()).toMatchObject([
      { HTTP: 'https://127.0.0.1:4001/readyz', TLSServerName: 'inventory', TLSSkipVerify: false },
      { TLSServerName: 'other.internal', TLSSkipVerify: true },
      { HTTP: 'http://127.0.0.1:4001/readyz' },
    ]);
    expect(checks()[2]).not.toHaveProperty('TLSSkipVerify');
  });

  test('names nobody to an agent that is too old to be told, unless a name was asked for', async () => {
    agent.isOld = true;
    await write({});
    expect(checks()[1]).not.toHaveProperty('TLSServerName');
    expect(checks()[1]).toMatchObject({ TLSSkipVerify: false });
    const refused = await write({ checkTls: { serverName: 'inventory' } }).catch((error: unknown) => error);
    expect(isFwkError(refused, 'FWK_DISCOVERY_INSTANCE_INVALID')).toBe(true);
    expect(String(refused)).toMatch(/unknown field "TLSServerName"/);
  });
});

describe('a process that stops while it registers', () => {
  const slow = (path: string, end: { readonly context: CallContext }) => {
    agent.fault = (asked) => (asked.startsWith(path) ? sleep(clock, 60_000, end.context).catch(() => {}) : undefined);
  };

  test('begins nothing more while it claims its id', async () => {
    const end = cancellable();
    slow('/agent/health/service/id/', end);
    const registering = writer.register(instance).catch((error: unknown) => error);
    await clock.settle();
    writer.hurry();
    end.cancel();
    expect(isFwkError(await registering, 'FWK_DISCOVERY_REGISTRY_UNAVAILABLE')).toBe(true);
    expect(putIns()).toBe(0);
    await writer.deregister(instance.id);
    expect(outs()).toBe(0);
  });

  test('takes out at once what it has just written', async () => {
    const end = cancellable();
    slow('/agent/service/register', end);
    const registering = writer.register(instance).catch((error: unknown) => error);
    await clock.settle();
    writer.hurry();
    end.cancel();
    await registering;
    const before = agent.asked.length;
    await writer.deregister(instance.id);
    expect(agent.asked.slice(before)).toEqual([
      'GET /agent/health/service/id/inventory-1',
      'PUT /agent/service/deregister/inventory-1',
    ]);
    expect(agent.services.size).toBe(0);
  });
});

test('an agent is asked whether it is there also while all that there is to renew is being registered', async () => {
  agent.others = [{ instance: rival, since: 1 }];
  const registering = settled(writer.register(instance));
  agent.fault = async (path) => {
    if (path === '/status/leader') throw agent.unavailable('connection refused');
  };
  await expect(writer.renew([instance.id])).rejects.toThrow('connection refused');
  writer.hurry();
  await registering;
});
