/**
 * Judges how calls of gRPC ended, by their status. UNKNOWN, INTERNAL, UNAVAILABLE and DATA_LOSS are failures of the server, and so is
 * DEADLINE_EXCEEDED, whose time ran out; RESOURCE_EXHAUSTED is overload. All others are answers to what was asked, such as
 * NOT_FOUND, and no word against the server. Source: https://grpc.io/docs/guides/status-codes/
 */
import { boundedRetryAfterMs, type Classifier, defaultClassifier, type Verdict, verdicts } from '@fwk/kernel';

/** The status codes that are looked at, as gRPC numbers them. */
export const code = Object.freeze({
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  RESOURCE_EXHAUSTED: 8,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
});

/** What a server sent beside its answer: the `Metadata` of gRPC, or the `Headers` of ConnectRPC. */
export interface Trailers {
  get(key: string): readonly unknown[] | string | null;
}

const timedOut: Verdict = Object.freeze({ ...verdicts.retryableFailure, timedOut: true });

const byCode: ReadonlyMap<number, Verdict> = new Map([
  [code.OK, verdicts.success],
  [code.UNKNOWN, verdicts.failure],
  [code.DEADLINE_EXCEEDED, timedOut],
  [code.RESOURCE_EXHAUSTED, verdicts.overloaded],
  [code.INTERNAL, verdicts.failure],
  [code.UNAVAILABLE, verdicts.retryableFailure],
  [code.DATA_LOSS, verdicts.failure],
]);

/** Whether a status counts against the server. */
export function isFailure(status: number): boolean {
  return byCode.get(status)?.outcome === 'failure';
}

/** A call that failed. */
export class EndedBadly extends Error {
  readonly code: number;
  readonly metadata: Trailers;

  constructor(code: number, details: string, metadata: Trailers) {
    super(details);
    this.code = code;
    this.metadata = metadata;
  }
}

/** See the head of this file. For policies round clients of gRPC and of ConnectRPC, whose codes are the same. */
export const grpcClassifier: Classifier = {
  ofResult: () => verdicts.success,
  ofError(error, context, request) {
    const status = context.cancelled ? undefined : numberIn(error, 'code');
    if (status === undefined) return defaultClassifier.ofError(error, context, request);
    const verdict = byCode.get(status) ?? verdicts.ignored;
    const pushback = verdict.outcome === 'failure' ? pushbackOf(error) : undefined;
    if (pushback === undefined) return verdict;
    const retryAfterMs = /^\d{1,15}$/.test(pushback) ? boundedRetryAfterMs(Number(pushback)) : undefined;
    return retryAfterMs === undefined ? { ...verdict, retryable: false } : { ...verdict, retryAfterMs };
  },
};

function numberIn(error: unknown, name: string): number | undefined {
  const value: unknown = error instanceof Error ? Reflect.get(error, name) : undefined;
  return typeof value === 'number' ? value : undefined;
}

/**
 * What the server asks to wait, in milliseconds; anything else asks not to try again.
 * Source: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
 */
function pushbackOf(error: unknown): string | undefined {
  const trailers: unknown = error instanceof Error && 'metadata' in error ? error.metadata : undefined;
  const found = isTrailers(trailers) ? trailers.get('grpc-retry-pushback-ms') : undefined;
  const text: unknown = Array.isArray(found) ? found[0] : found;
  return typeof text === 'string' ? text : undefined;
}

function isTrailers(value: unknown): value is Trailers {
  return typeof value === 'object' && value !== null && 'get' in value && typeof value.get === 'function';
}
