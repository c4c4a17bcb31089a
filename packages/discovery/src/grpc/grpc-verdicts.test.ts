import { background, cancellable, isFwkError, judgeError, makeEnv } from '@fwk/kernel';
import { Metadata, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { grpcClassifier } from './grpc-verdicts.js';

const env = makeEnv({ classifier: grpcClassifier });
const judged = (code: number, metadata = new Metadata(), context = background) =>
  judgeError(env, Object.assign(new Error('why'), { code, details: 'why', metadata }), context, undefined);

test.each([
  ['UNKNOWN', 'failure', false, false],
  ['INTERNAL', 'failure', false, false],
  ['DATA_LOSS', 'failure', false, false],
  ['UNAVAILABLE', 'failure', true, false],
  ['DEADLINE_EXCEEDED', 'failure', true, false],
  ['RESOURCE_EXHAUSTED', 'failure', true, true],
  ['CANCELLED', 'ignored', false, false],
  ['INVALID_ARGUMENT', 'ignored', false, false],
  ['NOT_FOUND', 'ignored', false, false],
  ['ALREADY_EXISTS', 'ignored', false, false],
  ['PERMISSION_DENIED', 'ignored', false, false],
  ['FAILED_PRECONDITION', 'ignored', false, false],
  ['ABORTED', 'ignored', false, false],
  ['OUT_OF_RANGE', 'ignored', false, false],
  ['UNIMPLEMENTED', 'ignored', false, false],
  ['UNAUTHENTICATED', 'ignored', false, false],
] as const)('%s', (name, outcome, retryable, overloaded) => {
  expect(judged(status[name])).toMatchObject({ outcome, retryable, overloaded });
});

test('a limit of time that ran out is one', () => {
  expect(judged(status.DEADLINE_EXCEEDED).timedOut).toBe(true);
});

test('what a server asks to wait is read from its trailers; what is no time asks not to try again', () => {
  const asking = (text: string) => {
    const metadata = new Metadata();
    metadata.set('grpc-retry-pushback-ms', text);
    return judged(status.UNAVAILABLE, metadata);
  };
  expect(asking('1500')).toMatchObject({ retryable: true, retryAfterMs: 1500 });
  expect(asking('-1')).toMatchObject({ outcome: 'failure', retryable: false });
  expect(asking('soon')).toMatchObject({ outcome: 'failure', retryable: false });
  expect(judged(status.UNAVAILABLE).retryAfterMs).toBeUndefined();
});

test('errors of ConnectRPC, whose trailers are headers, are judged too', () => {
  const failed = (headers: Record<string, string>) =>
    Object.assign(new Error('why'), { code: status.UNAVAILABLE, metadata: new Headers(headers) });
  const judge = (error: Error) => judgeError(env, error, background, undefined);
  expect(judge(failed({}))).toMatchObject({ outcome: 'failure', retryable: true });
  expect(judge(failed({ 'grpc-retry-pushback-ms': '40' }))).toMatchObject({ retryable: true, retryAfterMs: 40 });
});

test('what is no status of gRPC is judged as elsewhere', () => {
  expect(judgeError(env, Object.assign(new Error('no'), { code: 'ECONNRESET' }), background, undefined)).toMatchObject({
    outcome: 'failure',
    retryable: true,
  });
  const { context, cancel } = cancellable();
  cancel();
  expect(judged(status.UNAVAILABLE, new Metadata(), context).outcome).toBe('ignored');
  expect(isFwkError(context.reason)).toBe(true);
});
