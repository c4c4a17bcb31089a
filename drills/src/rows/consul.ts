/**
 * Consul in trouble: its agent is restarted and has forgotten everybody; the leader of three servers is killed; the servers
 * cannot be reached; the token is taken away. Services go on calling each other, and soon after each trouble all of them
 * are registered as before.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill, DrillOptions, Outcome } from '../drill.js';
import { ConsulAgent, consulProgram, until } from '../stage/consul-agent.js';
import type { RegistryPlace } from '../stage/messages.js';
import { nowMs } from '../stage/now.js';
import { openScene, type Scene } from '../stage/scene.js';
import type { Stage } from '../stage/stage.js';

/** Longer than the time to live of a registration, so that an unrenewed one has run out. */
const defaultSeconds = 8;
const backLimitMs = 30_000;
const mustBackMs = 10_000;
const steadyMs = 2000;
const rootToken = '3f1c7c2e-5a55-4e6b-9a27-1d6f0e6f8b11';
const ownToken = '8a4c1b7d-93f0-4f0e-8d6a-5b7e3c2d9f22';
const nextToken = 'c5d7e9f1-2b3a-4c5d-8e6f-7a8b9c0d1e33';
const pace = { perSecond: 100, writeShare: 0.3 };

export const consul: Drill = {
  name: 'consul',
  about: 'agent restart, leader killed, partition, token revoked; no call fails and everybody is registered again',
  async run(stage, options) {
    const program = await consulProgram();
    const awayMs = (options.seconds ?? defaultSeconds) * 1000;
    const outcomes = [await agentRestart(stage, program, awayMs, options)];
    outcomes.push(...(await clusterTroubles(stage, program, awayMs, options)));
    outcomes.push(await tokenRevoked(stage, program, awayMs, options));
    return outcomes;
  },
};

async function agentRestart(stage: Stage, program: string, awayMs: number, options: DrillOptions): Promise<Outcome> {
  const agent = await ConsulAgent.start(stage, program, { kind: 'alone' });
  const scene = await openScene(stage, { kind: 'consul', url: agent.url }, pace, options);
  options.say('the agent is killed');
  await agent.kill();
  await sleep(awayMs / 2);
  options.say('the agent is back and knows nobody');
  await agent.begin();
  const backMs = await back(agent, scene);
  const outcome = await close('agent restart', scene, backMs);
  await agent.kill();
  return outcome;
}

async function clusterTroubles(stage: Stage, program: string, awayMs: number, options: DrillOptions) {
  const servers: ConsulAgent[] = [];
  for (let count = 0; count < 3; count++) {
    const others = servers.map(({ serfPort }) => serfPort);
    servers.push(await ConsulAgent.start(stage, program, { kind: 'server', join: others }));
  }
  const all = servers.map(({ serfPort }) => serfPort);
  const agent = await ConsulAgent.start(stage, program, { kind: 'client', join: all });
  const place = { kind: 'consul', url: agent.url } as const;
  const outcomes = [await leaderKilled(stage, agent, servers, place, options)];
  outcomes.push(await partition(stage, agent, servers, place, awayMs, options));
  for (const each of [agent, ...servers]) await each.kill();
  return outcomes;
}

async function leaderKilled(
  stage: Stage,
  agent: ConsulAgent,
  servers: readonly ConsulAgent[],
  place: RegistryPlace,
  options: DrillOptions,
): Promise<Outcome> {
  const scene = await openScene(stage, place, pace, options);
  const told = await agent.leader();
  const leader = servers.find(({ serverPort }) => told.endsWith(`:${serverPort}`));
  if (!leader) throw new Error(`no server is the leader at ${told}`);
  options.say('the leader of three servers is killed');
  await leader.kill();
  const killedMs = nowMs();
  // What only a leader can write down shows that there is one again.
  const fresh = await stage.start('target', place);
  const seenMs = await scene.caller.sees((ids) => ids.includes(fresh.instance), backLimitMs);
  const backMs = Math.max(seenMs - killedMs, await back(agent, scene));
  const outcome = await close('leader killed', scene, backMs);
  await fresh.stop();
  return outcome;
}

async function partition(
  stage: Stage,
  agent: ConsulAgent,
  servers: readonly ConsulAgent[],
  place: RegistryPlace,
  awayMs: number,
  options: DrillOptions,
): Promise<Outcome> {
  const scene = await openScene(stage, place, pace, options);
  options.say('no server can be reached');
  for (const server of servers) server.suspend();
  await sleep(awayMs);
  options.say('the servers can be reached again');
  for (const server of servers) server.resume();
  const backMs = await back(agent, scene);
  return close('partition', scene, backMs);
}

async function tokenRevoked(stage: Stage, program: string, awayMs: number, options: DrillOptions): Promise<Outcome> {
  const agent = await ConsulAgent.start(stage, program, { kind: 'alone', rootToken });
  const rules = 'service_prefix "" { policy = "write" } node_prefix "" { policy = "read" }';
  await agent.ask('PUT', '/acl/policy', { Name: 'services', Rules: rules });
  const make = (secret: string) =>
    agent.ask('PUT', '/acl/token', { SecretID: secret, Policies: [{ Name: 'services' }] }) as Promise<{
      readonly AccessorID: string;
    }>;
  const { AccessorID } = await make(ownToken);
  const tokenFile = join(await stage.folder(), 'token');
  await writeFile(tokenFile, ownToken);
  const scene = await openScene(stage, { kind: 'consul', url: agent.url, tokenFile }, pace, options);
  options.say('the token is revoked');
  await agent.ask('DELETE', `/acl/token/${AccessorID}`);
  await sleep(awayMs);
  options.say('there is a new token');
  await make(nextToken);
  await writeFile(tokenFile, nextToken);
  const backMs = await back(agent, scene);
  const outcome = await close('token revoked', scene, backMs);
  await agent.kill();
  return outcome;
}

/** How long it takes until all instances of a scene pass their checks; Infinity when that does not come. */
async function back(agent: ConsulAgent, { targets }: Scene): Promise<number> {
  const startMs = nowMs();
  const wanted = targets.map(({ instance }) => instance);
  const all = async () => {
    const passing = await agent.passing('target');
    return wanted.every((id) => passing.includes(id));
  };
  return until(() => 'all registrations', backLimitMs, all).then(
    () => nowMs() - startMs,
    () => Number.POSITIVE_INFINITY,
  );
}

async function close(name: string, scene: Scene, registeredMs: number): Promise<Outcome> {
  await sleep(steadyMs);
  const seen = await scene.end();
  await Promise.all([scene.caller, ...scene.targets].map((program) => program.stop()));
  return {
    name,
    figures: { ...seen.figures(), registeredMs },
    must: { failed: { atMost: 0 }, registeredMs: { atMost: mustBackMs } },
  };
}
