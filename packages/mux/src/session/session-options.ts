import { type Clock, checkOptions, flag, integerIn, millisecondsIn } from '@fwk/kernel';
import type { FragmentLimits } from '../codec/fragments.js';
import { countedHeadBytes } from '../codec/message-types.js';
import type { PingLimits } from './ping-detector.js';
import type { SessionSeries } from './session-series.js';

/** Limits of a session. */
export interface SessionLimits extends PingLimits, FragmentLimits {
  /** Bytes of one frame that arrives, 4096 to 1 GiB; the peer is asked to keep to less. @defaultValue 16777216 */
  readonly maxFrameBytes: number;
  /** Calls under way at once, 1 to 1 000 000. @defaultValue 4096 */
  readonly maxInFlight: number;
  /** Bytes that wait for the peer to read, before a session takes no more, 4096 to 1 GiB. @defaultValue 4194304 */
  readonly maxUnsentBytes: number;
}

/** Their defaults. */
export const sessionDefaults: SessionLimits = Object.freeze({
  busyPingMs: 500,
  idlePingMs: 10_000,
  pingTimeoutMs: 1400,
  sendTimeoutMs: 30_000,
  maxFrameBytes: 16_777_216,
  maxMessageBytes: 67_108_864,
  cutsLarge: false,
  maxPartialBytes: 134_217_728,
  maxPartial: 4096,
  maxInFlight: 4096,
  maxUnsentBytes: 4_194_304,
});

const time = millisecondsIn(1, 3_600_000);
const bytes = integerIn(4096, 2 ** 30);

/** Adds the defaults. @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkLimits(limits: Partial<SessionLimits>): SessionLimits {
  return checkOptions<SessionLimits>('Mux session', limits, sessionDefaults, {
    busyPingMs: time,
    idlePingMs: time,
    pingTimeoutMs: time,
    sendTimeoutMs: time,
    maxFrameBytes: bytes,
    maxMessageBytes: bytes,
    cutsLarge: flag,
    maxPartialBytes: bytes,
    maxPartial: integerIn(1, 1_000_000),
    maxInFlight: integerIn(1, 1_000_000),
    maxUnsentBytes: bytes,
  });
}

/** What a session is made of, beside its connection. */
export interface SessionOptions extends Partial<SessionLimits> {
  readonly clock: Clock;
  /** Who is at the other end, for messages: `127.0.0.1:4001`. */
  readonly peer: string;
  /** Where it counts. @defaultValue nowhere */
  readonly series?: SessionSeries | undefined;
  /** Told once, when the session is over. */
  readonly onEnd?: (() => void) | undefined;
}

/** How much of a message a frame should have that is sent to an end with these limits. */
export function wantedFrameBytes({ maxFrameBytes }: SessionLimits): number {
  return Math.min(128 * 1024, maxFrameBytes - countedHeadBytes);
}
