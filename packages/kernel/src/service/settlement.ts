/**
 * How layers see a call end without a promise for each of them.
 *
 * A layer that only looks at the end of a call (breaker, balancer, statistics) would need a `then`, and each `then` makes a
 * promise: 0.1 µs, and with AsyncLocalStorage in use more than twice as much (Node 20), on every call. So all layers round
 * one promise follow it together: the first makes one `then`, or none where the promise is of a layer that tells by
 * itself. They are told on the turn in which the promise settles, the innermost first, before whoever awaits it goes on.
 */

/**
 * Sees how one call ends. Its functions must not throw. An interface and no base class: filling in a field that several
 * classes inherit costs ten times as much (Node 20).
 */
export interface Follower<Res> {
  /** The one just outside: undefined at first, filled in here. */
  next: Follower<Res> | undefined;

  /**
   * The call was answered.
   * @returns nothing; or a promise, to take the call over: it then ends as that promise does, and those further outside are
   * told only then.
   */
  answered(value: Res): Promise<Res> | undefined;

  /** The call failed. @returns as of `answered` */
  failed(error: unknown): Promise<Res> | undefined;
}

/** On a promise that tells its followers: the outermost of them. */
const outermost = Symbol('outermost follower');

interface Told<Res> {
  [outermost]?: Follower<Res>;
}

/** Has nothing to do at the end of a call. */
class Idle<Res> implements Follower<Res> {
  next: Follower<Res> | undefined = undefined;
  answered(): undefined {}
  failed(): undefined {}
}

/** Stands behind a follower that has been told: nobody can follow it any more. */
const nobody: Follower<never> = new Idle<never>();

/** A first follower for whoever tells the others and has nothing to learn itself. */
export function leadFollower<Res>(): Follower<Res> {
  return new Idle<Res>();
}

/**
 * Lets a follower see how a call ends.
 * @param follower - of this call alone.
 * @returns the promise to hand on instead
 */
export function follow<Res>(promise: Promise<Res>, follower: Follower<Res>): Promise<Res> {
  const last = (promise as Told<Res>)[outermost];
  if (last !== undefined && last.next === undefined) {
    last.next = follower;
    (promise as Told<Res>)[outermost] = follower;
    return promise;
  }
  return toldBy(
    promise.then(
      (value) => tellAnswer(follower, value),
      (error) => endFailed(follower, error),
    ),
    follower,
  );
}

/** Like `promise.then(read)`; what it answers tells its followers by itself. */
export function thenTold<T, Res>(promise: Promise<T>, read: (value: T) => Res | Promise<Res>): Promise<Res> {
  const first = leadFollower<Res>();
  const answer = promise.then(
    (value) => {
      let result: Res | Promise<Res>;
      try {
        result = read(value);
      } catch (error) {
        return endFailed(first, error);
      }
      return result instanceof Promise ? toldLater(result, first) : tellAnswer(first, result);
    },
    (error) => endFailed(first, error),
  );
  return toldBy(answer, first);
}

/**
 * Says that whoever settles the promise calls {@link tellAnswer} or {@link tellFailure} before.
 * @param first - a follower of its own, or one made by {@link leadFollower}; the others come behind it.
 * @returns the promise
 */
export function toldBy<Res>(promise: Promise<Res>, first: Follower<Res>): Promise<Res> {
  (promise as Told<Res>)[outermost] = first;
  return promise;
}

/** Tells the followers, from this one on, of an answer. @returns what the promise must be resolved with */
export function tellAnswer<Res>(first: Follower<Res>, value: Res): Res | Promise<Res> {
  for (let at: Follower<Res> | undefined = first; at !== undefined; ) {
    const taken = at.answered(value);
    const next: Follower<Res> | undefined = at.next;
    at.next = nobody;
    if (taken !== undefined) return next ? toldLater(taken, next) : taken;
    at = next;
  }
  return value;
}

/** Tells them of a failure. @returns what the promise must be resolved with; undefined when it must be rejected with the error */
export function tellFailure<Res>(first: Follower<Res>, error: unknown): Promise<Res> | undefined {
  for (let at: Follower<Res> | undefined = first; at !== undefined; ) {
    const taken = at.failed(error);
    const next: Follower<Res> | undefined = at.next;
    at.next = nobody;
    if (taken !== undefined) return next ? toldLater(taken, next) : taken;
    at = next;
  }
  return undefined;
}

/** Those further outside follow the promise that took the call over. */
function toldLater<Res>(taken: Promise<Res>, rest: Follower<Res>): Promise<Res> {
  return taken.then(
    (value) => tellAnswer(rest, value),
    (error) => endFailed(rest, error),
  );
}

/** Tells of a failure, and ends with it unless somebody takes over. */
function endFailed<Res>(first: Follower<Res>, error: unknown): Promise<Res> {
  const taken = tellFailure(first, error);
  if (taken === undefined) throw error;
  return taken;
}
