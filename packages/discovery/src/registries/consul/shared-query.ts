/**
 * Many watched services on one held question. Consul takes 200 connections from one address, and all processes of a
 * machine share theirs, so a question for each service does not go far. Here Consul is asked for all checks of the
 * datacentre; when one of them changes, the services that it concerns are fetched, few at a time, and no others.
 *
 * Everything that this framework registers has a check that changes with it. What others register may have none, or
 * change without it; therefore each service is fetched now and then in any case, by a timer that also tries again what
 * failed.
 */
import { backoffBound, type Env, jittered, messageOf, type Timer } from '@fwk/kernel';
import { blockingQuery, type Query } from '@fwk/kernel/consul';
import { isRecord } from './health-entries.js';
import type { RegistryQueryPlace, ServiceListener } from './query-place.js';
import { healthOf } from './service-feed.js';

/** Each service is fetched at least so often. */
const SWEEP_MS = 30_000;
const TICK_MS = 1000;
const FIRST_PAUSE_MS = 200;
/** Fewer than there are connections for short questions, so that reports of life never queue behind lists. */
const MAX_FETCHES = 2;

interface Member {
  readonly service: string;
  readonly listener: ServiceListener;
  /** The state of its checks when it was last fetched, or will be. */
  checks: string | undefined;
  text: string | undefined;
  waiting: boolean;
  /** Fetches so far; the answer of an older one is not taken. */
  fetches: number;
  failures: number;
  dueMs: number;
}

/** Services that share one question. */
export class SharedQuery {
  readonly #place: RegistryQueryPlace;
  readonly #env: Env;
  readonly #members = new Set<Member>();
  readonly #waiting: Member[] = [];
  #question: Query | undefined;
  #timer: Timer | undefined;
  #fetching = 0;
  /** Why nothing would be heard of a change; undefined while it would. */
  #trouble: string | undefined;

  constructor(place: RegistryQueryPlace) {
    this.#place = place;
    this.#env = place.env;
  }

  /** Adds a service. Disposing the answer takes it out again. */
  ask(service: string, listener: ServiceListener): Query {
    const member: Member = {
      service,
      listener,
      checks: undefined,
      text: undefined,
      waiting: false,
      fetches: 0,
      failures: 0,
      dueMs: Number.POSITIVE_INFINITY,
    };
    this.#members.add(member);
    this.#question ??= this.#open();
    this.#want(member);
    return {
      restart: () => {
        this.#question?.restart();
        this.#want(member);
      },
      [Symbol.dispose]: () => this.#leave(member),
    };
  }

  #open(): Query {
    this.#tick();
    return blockingQuery(
      this.#place,
      { path: '/health/state/any' },
      {
        onAnswer: (value, led) => {
          this.#trouble = undefined;
          if (value !== undefined) this.#compare(checksByService(value));
          for (const member of this.#members) if (member.failures === 0) member.listener.onAnswer(undefined, led);
        },
        onFailure: (reason) => {
          this.#trouble = reason;
          for (const { listener } of this.#members) listener.onFailure(reason);
        },
      },
    );
  }

  #leave(member: Member): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    this.#question?.[Symbol.dispose]();
    this.#question = undefined;
    if (this.#timer) this.#env.clock.clearTimer(this.#timer);
  }

  #compare(checks: ReadonlyMap<string, string>): void {
    for (const member of this.#members) {
      const now = checks.get(member.service) ?? '';
      if (member.checks === now) continue;
      member.checks = now;
      this.#want(member);
    }
  }

  #tick(): void {
    const nowMs = this.#env.clock.now();
    for (const member of this.#members) if (member.dueMs <= nowMs) this.#want(member);
    this.#timer = this.#env.clock.setTimer(() => this.#tick(), TICK_MS, true);
  }

  #want(member: Member): void {
    if (member.waiting) return;
    member.waiting = true;
    member.dueMs = Number.POSITIVE_INFINITY;
    this.#waiting.push(member);
    if (this.#fetching < MAX_FETCHES) void this.#work();
  }

  async #work(): Promise<void> {
    this.#fetching++;
    for (let member = this.#waiting.shift(); member; member = this.#waiting.shift()) {
      // A change from now on makes it wait again.
      member.waiting = false;
      if (this.#members.has(member)) await this.#fetch(member);
    }
    this.#fetching--;
  }

  /** Not from a server that lags behind: it might not know yet what the question has told of. */
  async #fetch(member: Member): Promise<void> {
    const { client, options } = this.#place;
    const { clock, random } = this.#env;
    const fetch = ++member.fetches;
    const isOver = () => fetch !== member.fetches || !this.#members.has(member);
    try {
      const { text } = await client.ask(healthOf(member.service));
      if (isOver()) return;
      const same = text === member.text;
      member.listener.onAnswer(same ? undefined : client.parse(text), true);
      member.text = text;
      member.failures = 0;
      member.dueMs = clock.now() + SWEEP_MS * (0.5 + random() / 2);
      if (this.#trouble !== undefined) member.listener.onFailure(this.#trouble);
    } catch (error) {
      if (isOver()) return;
      member.listener.onFailure(messageOf(error));
      const boundMs = backoffBound(member.failures++, { baseMs: FIRST_PAUSE_MS, capMs: options.maxPauseMs });
      member.dueMs = clock.now() + jittered(boundMs, 1, random);
      this.#place.suspect();
    }
  }
}

/** What changes with each service: its checks, and those of the nodes it runs on. */
function checksByService(value: unknown): ReadonlyMap<string, string> {
  if (!Array.isArray(value)) throw new TypeError('it answered something that is no list of checks');
  const ofNode = new Map<string, string>();
  const ofService = new Map<string, { text: string; readonly nodes: Set<string> }>();
  for (const check of (value as unknown[]).filter(isRecord)) {
    const node = String(check.Node);
    const text = `${node} ${check.CheckID} ${check.ModifyIndex}\n`;
    if (!check.ServiceName) {
      ofNode.set(node, (ofNode.get(node) ?? '') + text);
      continue;
    }
    const name = String(check.ServiceName);
    const found = ofService.get(name) ?? { text: '', nodes: new Set() };
    found.text += text;
    found.nodes.add(node);
    ofService.set(name, found);
  }
  const whole = new Map<string, string>();
  for (const [name, { text, nodes }] of ofService) {
    whole.set(
      name,
      [...nodes].reduce((sum, node) => sum + (ofNode.get(node) ?? ''), text),
    );
  }
  return whole;
}
