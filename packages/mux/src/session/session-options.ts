import type { Clock } from '@fwk/kernel';
import type { FragmentLimits } from '../codec/fragments.js';
import type { PingLimits } from './ping-detector.js';
import type { SessionSeries } from './session-series.js';

/** Limits of a session. */
export interface SessionLimits extends PingLimits, FragmentLimits {
  /** Bytes of one frame that arrives, 4,096 up; also what the peer is asked to keep to. */
  readonly maxFrameBytes: number;
  /** Calls under way at once. */
  readonly maxInFlight: number;
  /** Bytes that wait for the peer to read, before a session takes no more. */
  readonly maxUnsentBytes: number;
}

/** Their defaults. */
export const sessionDefaults: SessionLimits = Object.freeze({
  busyPingMs: 500,
  idlePingMs: 10_000,
  pingTimeoutMs: 1400,
  maxFrameBytes: 16 * 1024 * 1024,
  maxMessageBytes: 64 * 1024 * 1024,
  maxPartialBytes: 128 * 1024 * 1024,
  maxPartial: 256,
  maxInFlight: 4096,
  maxUnsentBytes: 4 * 1024 * 1024,
});

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

/** How much of a message a frame may have that is sent here. */
export const wantedFrameBytes = 128 * 1024;
