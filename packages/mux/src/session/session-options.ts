import { type Clock, checkOptions, flag, integerIn, millisecondsIn } from '@fwk/kernel';
import type { FragmentLimits } from '../codec/fragments.js';
import { countedHeadBytes } from '../codec/message-types.js';
import type { PingLimits } from './ping-detector.js';
import type { SessionSeries } from './session-series.js';

/** Limits of a session. */
export interface SessionLimits extends PingLimits, FragmentLimits {
  /** Most bytes of a frame that arrives, 4096 to 1 GiB; the peer is asked for smaller ones. @defaultValue 16777216 */
  readonly maxFrameBytes: number;
  /** Most calls under way at once, 1 to 1 000 000. @defaultValue 4096 */
  readonly maxInFlight: number;
  /** Most bytes that wait to be sent before a session takes no more, 4096 to 1 GiB. @defaultValue 4194304 */
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

/** What a session needs beside its connection. */
export interface SessionOptions extends Partial<SessionLimits> {
  readonly clock: Clock;
  /** Name of the other end in messages: `127.0.0.1:4001`. */
  readonly peer: string;
  /** Metrics of the session. @defaultValue none */
  readonly series?: SessionSeries | undefined;
  /** Called once, when the session has ended. */
  readonly onEnd?: (() => void) | undefined;
}

/** How many bytes of a message an end with these limits wants in one frame. */
export function wantedFrameBytes({ maxFrameBytes }: SessionLimits): number {
  return Math.min(128 * 1024, maxFrameBytes - countedHeadBytes);
}
