/**
 * The wait for the first list of a service. It ends when there is one, and otherwise as soon as it is clear that none will be
 * there in time: a call that only hears "deadline passed" at its end is looked for at the callee, which nobody has asked.
 */
import type { CallContext, Env, Timer } from '@fwk/kernel';
import { NoEndpointError } from '../errors.js';
import type { Registry } from '../registry.js';
import type { Membership } from './membership.js';

/** A registry may be lost for so long, in milliseconds, before calls are told: many are back at once, or just starting. */
const LOST_MS = 1000;
/** How often is looked again, in milliseconds: that a list could not be had is no event. */
const LOOK_MS = 250;
/** Nobody waits longer than this, in milliseconds, nor longer than half of the time that the call has left. */
const LONGEST_MS = 5000;

/**
 * Resolves when the membership has a list.
 * @throws NoEndpointError `FWK_DISCOVERY_NO_ENDPOINT`, saying since when and why there is none; the context's own reason.
 */
export function firstList(membership: Membership, registry: Registry, env: Env, context: CallContext): Promise<void> {
  if (context.cancelled) return Promise.reject(context.reason);
  if (membership.settled) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const { clock } = env;
    const leftMs = Math.min(LONGEST_MS, (context.deadlineMs - clock.now()) / 2);
    const endMs = clock.now() + Math.max(0, leftMs);
    let timer: Timer | undefined;
    const over = () => {
      if (timer !== undefined) clock.clearTimer(timer);
      for (const subscription of subscriptions) subscription[Symbol.dispose]();
    };
    const giveUp = () => {
      over();
      reject(noList(membership, registry, env));
    };
    /** Gives up or waits on, by what the registry says now. */
    const look = () => {
      if (timer !== undefined) clock.clearTimer(timer);
      const waitMs = Math.min(endMs - clock.now(), patienceMs(membership, registry, env));
      if (waitMs <= 0) giveUp();
      else timer = clock.setTimer(look, Math.min(waitMs, LOOK_MS));
    };
    const subscriptions = [
      membership.watch.known.subscribe(() => {
        over();
        resolve();
      }),
      registry.connection.subscribe(look),
      context.onCancel((reason) => {
        over();
        reject(reason);
      }),
    ];
    look();
  });
}

/** How long it may still be waited for a registry that is lost, or says that it cannot tell; `Infinity` while all is well. */
function patienceMs({ watch }: Membership, { connection }: Registry, { clock }: Env): number {
  const { state, sinceMs } = connection.value;
  if (state === 'closed') return 0;
  const failedMs = state === 'lost' ? sinceMs : watch.instances.stale?.sinceMs;
  return failedMs === undefined ? Number.POSITIVE_INFINITY : failedMs + LOST_MS - clock.wallTime();
}

function noList({ service, watch }: Membership, { name, connection }: Registry, { clock }: Env): NoEndpointError {
  const { state, sinceMs, reason } = connection.value;
  const { stale } = watch.instances;
  const because = {
    connecting: 'it has not answered yet',
    connected: 'it answers, but has sent no list',
    lost: 'it is lost',
    closed: 'it was closed by this process',
  }[state];
  const said = reason ?? stale?.reason;
  const unknown = {
    sinceMs: Math.min(sinceMs, stale?.sinceMs ?? sinceMs),
    reason: `registry ${name}: ${because}${said === undefined ? '' : ` (${said})`}`,
  };
  return new NoEndpointError(service, { known: 0, filtered: {}, unknown, nowMs: clock.wallTime() });
}
