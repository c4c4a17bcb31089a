/**
 * Settings in Consul that three instances follow while they serve are changed: a bad value, which every instance refuses with a
 * reason that names where it stands, and then a good one, which is live in all of them soon. No call fails, and in the end all show
 * the same hash of their settings in the registry.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill, Outcome } from '../drill.js';
import { ConsulAgent, consulProgram, until } from '../stage/consul-agent.js';
import { nowMs } from '../stage/now.js';
import type { Observed } from '../stage/observed.js';
import type { Program } from '../stage/program.js';
import { openScene } from '../stage/scene.js';

const pace = { perSecond: 100, writeShare: 0.3 };
const folder = 'target';
const key = 'target.yaml';
const knowLimitMs = 10_000;
const mustLiveMs = 1000;
const defaultSeconds = 2;

/** A bad value, and the one that mends it. */
interface Edit {
  readonly name: string;
  readonly key: string;
  readonly bad: string;
  /** Undefined takes the key away. */
  readonly good: string | undefined;
  /** What the reason must name. */
  readonly names: string;
}

const edits: readonly Edit[] = [
  { name: 'a word for a number', key: 'target/work/ms', bad: 'soon', good: '10', names: 'target/work/ms' },
  { name: 'a number out of range', key: 'target/work/ms', bad: '-5', good: '15', names: 'target/work/ms' },
  { name: 'YAML that is none', key, bad: 'limits: [', good: 'limits: {}', names: 'target.yaml' },
  { name: 'a value that is a folder too', key: 'target/work', bad: '5', good: undefined, names: 'target/work' },
];

export const config: Drill = {
  name: 'config',
  about:
    'bad, then good settings while serving; the bad ones are refused with their reason, the good ones live everywhere',
  async run(stage, options) {
    const agent = await ConsulAgent.start(stage, await consulProgram(), { kind: 'alone' });
    const write = (at: string, value: string | undefined) => change(agent, at, value);
    await write('target/work/ms', '20');
    await write('target/generation', '0');
    await write(key, 'limits: {}');
    const settings = { url: agent.url, folder, key };
    const scene = await openScene(stage, { kind: 'consul', url: agent.url }, pace, options, { settings });
    const told: { edit: Edit; fromMs: number; toMs: number; figures: Record<string, number> }[] = [];
    for (const [at, edit] of edits.entries()) {
      options.say(`${edit.name}, then a good value`);
      const fromMs = nowMs();
      const refused = all(scene.targets, (target) =>
        target.tells('a refusal', knowLimitMs, (each) => each.is === 'refused' && each.reason.includes(edit.names)),
      );
      await write(edit.key, edit.bad);
      const refusedMs = (await refused) - fromMs;
      await sleep(((options.seconds ?? defaultSeconds) * 1000) / 2);
      const generation = at + 1;
      const live = all(scene.targets, (target) =>
        target.tells('settings', knowLimitMs, (each) => each.is === 'settings' && each.generation === generation),
      );
      const mendedMs = nowMs();
      await write(edit.key, edit.good);
      await write('target/generation', String(generation));
      const liveMs = (await live) - mendedMs;
      await sleep(((options.seconds ?? defaultSeconds) * 1000) / 2);
      told.push({ edit, fromMs, toMs: nowMs(), figures: { refusedMs, liveMs } });
    }
    const hashes = await hashesOf(agent, scene.targets.length);
    const seen = await scene.end();
    return [
      ...told.map(({ edit, fromMs, toMs, figures }) => outcomeOf(edit, seen.between(fromMs, toMs), figures)),
      { name: 'hashes in the registry', figures: { hashes }, must: { hashes: { atMost: 1, atLeast: 1 } } },
    ];
  },
};

function outcomeOf({ name }: Edit, seen: Observed, figures: Readonly<Record<string, number>>): Outcome {
  return {
    name,
    figures: { ...seen.figures(), ...figures },
    must: { failed: { atMost: 0 }, refusedMs: { atMost: knowLimitMs }, liveMs: { atMost: mustLiveMs } },
  };
}

/** When the last of them had told. */
async function all(targets: readonly Program[], waits: (target: Program) => Promise<number>): Promise<number> {
  return Math.max(...(await Promise.all(targets.map(waits))));
}

async function change(agent: ConsulAgent, key: string, value: string | undefined): Promise<void> {
  const init = value === undefined ? { method: 'DELETE' } : { method: 'PUT', body: value };
  const { status } = await fetch(`${agent.url}/v1/kv/${key}`, init);
  if (status !== 200) throw new Error(`Consul answers ${status} to a change of ${key}`);
}

/** How many different hashes the instances show in the registry, once they have had time to agree. */
async function hashesOf(agent: ConsulAgent, instances: number): Promise<number> {
  let hashes: readonly (string | undefined)[] = [];
  const agree = async () => {
    const entries = (await agent.ask('GET', '/health/service/target')) as {
      Service: { Meta: Readonly<Record<string, string>> };
    }[];
    hashes = entries.map(({ Service }) => Service.Meta['config-hash']);
    return hashes.length === instances && new Set(hashes).size === 1 && hashes[0] !== undefined;
  };
  await until(() => 'the same settings everywhere', knowLimitMs, agree).catch(() => {});
  return new Set(hashes).size;
}
