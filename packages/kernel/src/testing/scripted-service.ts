import type { CallContext } from '../context/call-context.js';
import type { Service, Status } from '../service/service.js';

/** A call that waits for the test to decide it. */
export interface PendingCall<Req, Res> {
  readonly request: Req;
  readonly context: CallContext;
  /** False once it was decided or its caller cancelled it. */
  readonly open: boolean;
  succeed(result: Res): void;
  fail(error: unknown): void;
}

/** A service whose every answer the test decides, before the call or after it. */
export interface ScriptedService<Req, Res> extends Service<Req, Res> {
  /** All calls so far, oldest first. */
  readonly calls: readonly PendingCall<Req, Res>[];
  /** The calls that still wait. */
  readonly waiting: readonly PendingCall<Req, Res>[];
  /** Decides the next undecided calls in order: functions are run, errors thrown, anything else answered. */
  script(...answers: readonly Answer<Req, Res>[]): void;
  /** What `status()` says. */
  setStatus(status: Status): void;
}

type Answer<Req, Res> = Res | Error | ((request: Req, context: CallContext) => Promise<Res> | Res);

/** Makes a scripted service. Without a script each call waits until it is decided or cancelled. */
export function scriptedService<Req, Res>(...answers: readonly Answer<Req, Res>[]): ScriptedService<Req, Res> {
  const calls: PendingCall<Req, Res>[] = [];
  const queue: Answer<Req, Res>[] = [...answers];
  let status: Status = 'ready';
  return {
    calls,
    get waiting() {
      return calls.filter((call) => call.open);
    },
    script: (...more) => void queue.push(...more),
    setStatus: (next) => {
      status = next;
    },
    status: () => status,
    call(request, context) {
      return new Promise<Res>((resolve, reject) => {
        let open = true;
        const close = (settle: () => void) => {
          if (!open) return;
          open = false;
          subscription[Symbol.dispose]();
          settle();
        };
        const pending: PendingCall<Req, Res> = {
          request,
          context,
          get open() {
            return open;
          },
          succeed: (result) => close(() => resolve(result)),
          fail: (error) => close(() => reject(error)),
        };
        calls.push(pending);
        let subscription: Disposable = { [Symbol.dispose]() {} };
        if (context.cancelled) return pending.fail(context.reason);
        subscription = context.onCancel((reason) => pending.fail(reason));
        if (queue.length === 0) return;
        const answer = queue.shift() as Answer<Req, Res>;
        if (answer instanceof Error) pending.fail(answer);
        else if (typeof answer === 'function') {
          const handle = answer as (request: Req, context: CallContext) => Promise<Res> | Res;
          Promise.resolve()
            .then(() => handle(request, context))
            .then(pending.succeed, pending.fail);
        } else pending.succeed(answer);
      });
    },
  };
}
