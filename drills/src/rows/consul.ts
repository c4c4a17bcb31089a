/**
 * Consul in trouble: its agent is restarted and has forgotten everybody; the leader of three servers is killed; the servers
 * cannot be reached; the token is taken away. Services go on calling each other, and soon after each trouble all of them
 * are registered, also one that started meanwhile.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill, DrillOptions, Outcome } from '../drill.js';
import { ConsulAgent, consulProgram, until } from '../stage/consul-agent.js';
import type { RegistryPlace } from '../stage/messages.js';
import { nowMs } from '../stage/now.js';
import type { Program } from '../stage/program.js';
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
  const place = { kind: 'consul', url: agent.url } as const;
  const scene = await openScene(stage, place, pace, options);
  options.say('the agent is killed');
  await agent.kill();
  const fresh = await startMeanwhile(stage, place, awayMs);
  options.say('the agent is back and knows nobody');
  await agent.begin();
  const outcome = await close('agent restart', agent, scene, fresh);
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
  return close('leader killed', agent, scene, stage.start('target', place));
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
  const fresh = await startMeanwhile(stage, place, awayMs);
  options.say('the servers can be reached again');
  for (const server of servers) server.resume();
  return close('partition', agent, scene, fresh);
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
  const place = { kind: 'consul', url: agent.url, tokenFile } as const;
  const scene = await openScene(stage, place, pace, options);
  options.say('the token is revoked');
  await agent.ask('DELETE', `/acl/token/${AccessorID}`);
  const fresh = await startMeanwhile(stage, place, awayMs);
  options.say('there is a new token');
  await make(nextToken);
  await writeFile(tokenFile, nextToken);
  const outcome = await close('token revoked', agent, scene, fresh);
  await agent.kill();
  return outcome;
}

/** Lets time pass in which an instance starts, which cannot be registered yet. */
async function startMeanwhile(stage: Stage, place: RegistryPlace, awayMs: number): Promise<Program> {
  const [fresh] = await Promise.all([stage.start('target', place), sleep(awayMs)]);
  return fresh;
}

/** Measures how long it takes from now until everybody is registered and the newcomer is seen, and ends the scene. */
async function close(
  name: string,
  agent: ConsulAgent,
  scene: Scene,
  starting: Program | Promise<Program>,
): Promise<Outcome> {
  const startMs = nowMs();
  const fresh = await starting;
  const all = [...scene.targets, fresh];
  const registered = async () => {
    const passing = await agent.passing('target');
    return all.every(({ instance }) => passing.includes(instance));
  };
  const [registeredMs, seenMs] = await Promise.all([
    until(() => 'all registrations', backLimitMs, registered).then(nowMs, () => Number.POSITIVE_INFINITY),
    scene.caller.sees((ids) => ids.includes(fresh.instance), backLimitMs),
  ]);
  await sleep(steadyMs);
  const seen = await scene.end();
  await Promise.all([scene.caller, ...all].map((program) => program.stop()));
  return {
    name,
    figures: { ...seen.figures(), registeredMs: registeredMs - startMs, newcomerSeenMs: Math.max(0, seenMs - startMs) },
    must: { failed: { atMost: 0 }, registeredMs: { atMost: mustBackMs }, newcomerSeenMs: { atMost: mustBackMs } },
  };
}
