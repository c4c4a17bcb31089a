/**
 * What nobody has caught. Node ends the process at once, with the calls that it is serving; here it is told with its cause,
 * and the application stops in order. The state of the program is unknown then, so it does stop, and exits with 1.
 */
import {
  type Clock,
  checkOptions,
  type EventSink,
  type Logger,
  messageOf,
  oneOf,
  redactText,
  TokenBucket,
} from '@fwk/kernel';
import { type ExitHost, exitAfter, exitProcess } from './exit-after.js';

/**
 * What is done about an error that nobody has caught:
 *
 * - `stop` tells it and stops the application in order; the process exits with 1.
 * - `exit` tells it and exits with 1 at once.
 * - `log` tells it and goes on.
 * - `node` leaves it to Node, which prints it and ends the process.
 */
export type FaultPolicy = 'stop' | 'exit' | 'log' | 'node';

/** All policies. */
const faultPolicies: readonly FaultPolicy[] = Object.freeze(['stop', 'exit', 'log', 'node']);

/** What is done about what nobody has caught. */
export interface FaultOptions {
  /** An error that was thrown outside any promise. @defaultValue 'stop' */
  readonly uncaughtException: FaultPolicy;
  /** A promise that was rejected and has nobody who looks. @defaultValue 'stop' */
  readonly unhandledRejection: FaultPolicy;
}

/** Defaults of {@link FaultOptions}. */
export const faultDefaults: Readonly<FaultOptions> = Object.freeze({
  uncaughtException: 'stop',
  unhandledRejection: 'stop',
});

/** @throws OptionsError */
export function checkFaultOptions(options: Partial<FaultOptions> | undefined): FaultOptions {
  return checkOptions<FaultOptions>('createApp faults', options, faultDefaults, {
    uncaughtException: oneOf(...faultPolicies),
    unhandledRejection: oneOf(...faultPolicies),
  });
}

/** How it came. */
export type FaultKind = keyof FaultOptions;

/** The part of a process that faults need; tests hand in their own. */
export interface FaultHost extends ExitHost {
  on(kind: FaultKind, listener: (fault: unknown) => void): unknown;
  off(kind: FaultKind, listener: (fault: unknown) => void): unknown;
}

/** This process. */
export const processFaults: FaultHost = {
  on: (kind, listener) =>
    kind === 'uncaughtException'
      ? process.on('uncaughtException', listener)
      : process.on('unhandledRejection', listener),
  off: (kind, listener) => process.off(kind, listener),
  exit: exitProcess,
};

/** What faults are told to, and what they end. */
export interface FaultParts {
  readonly clock: Clock;
  readonly events: EventSink;
  readonly logger: Logger;
  /** Stops the application; settles when that is over. */
  stop(reason: string): Promise<unknown>;
  /** Writes what the log still keeps. */
  flush(): Promise<void>;
}

/** At most so many faults are told in a row, and one each second: one that comes again and again must not fill the log. */
const toldAtOnce = 10;

/** Watches for faults until it is disposed. */
export function onFaults(options: FaultOptions, parts: FaultParts, host: FaultHost = processFaults): Disposable {
  const tell = faultTeller(parts);
  const acts: Readonly<Record<FaultPolicy, (kind: FaultKind, fault: unknown) => void>> = {
    node() {},
    log() {},
    exit: () => exitAtOnce(parts, host),
    stop: (kind, fault) => exitAfter(host, parts.stop(`${kind}: ${messageOf(fault)}`).then(failed, failed)),
  };
  let stopping = false;
  const listeners = kinds
    .filter((kind) => options[kind] !== 'node')
    .map((kind) => {
      const policy = options[kind];
      const listener = (fault: unknown) => {
        tell(kind, fault, policy);
        if (stopping) return;
        stopping = policy === 'stop' || policy === 'exit';
        acts[policy](kind, fault);
      };
      return [kind, listener] as const;
    });
  for (const [kind, listener] of listeners) host.on(kind, listener);
  return {
    [Symbol.dispose]() {
      // While the application stops because of one they stay: another one must not end the process in the middle of it.
      if (stopping) return;
      for (const [kind, listener] of listeners) host.off(kind, listener);
    },
  };
}

const kinds: readonly FaultKind[] = ['uncaughtException', 'unhandledRejection'];
const failed = () => 1;

function exitAtOnce({ flush }: FaultParts, host: FaultHost): void {
  exitAfter(host, flush().then(failed, failed));
}

function faultTeller({ clock, events, logger }: FaultParts) {
  const bucket = new TokenBucket({ perMs: 1 / 1000, burst: toldAtOnce }, clock.now());
  let untold = 0;
  return (kind: FaultKind, fault: unknown, policy: FaultPolicy): void => {
    if (!bucket.take(clock.now())) {
      untold++;
      return;
    }
    const error = redactText(messageOf(fault), 500);
    const facts = { kind, policy, ...(untold > 0 && { untold }) };
    untold = 0;
    events.emit('app.faulted', { ...facts, error });
    logger.error({ err: fault, ...facts }, `${sentences[kind]}: ${error}`);
  };
}

const sentences: Readonly<Record<FaultKind, string>> = Object.freeze({
  uncaughtException: 'an error was thrown that nobody caught',
  unhandledRejection: 'a promise was rejected and nobody looked',
});
