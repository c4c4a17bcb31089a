import type { Logger } from '@fwk/kernel';
import { followMembership } from '../membership/membership-change.js';
import type { Memberships } from '../membership/memberships.js';
import { type DeclaredListener, declaredListeners } from '../membership/on-membership.js';

/** The methods of an application's instances that are told of changes, as `@OnMembership` declares them. */
export class MembershipListeners implements Disposable {
  readonly #following: Disposable[] = [];
  /** Instances that were built before there was anything to listen to. */
  readonly #early: object[] = [];
  #follow: ((instance: object) => void) | undefined;
  #closed = false;

  /** Takes an instance; one without such methods costs a look. */
  add(instance: object): void {
    if (this.#closed || declaredListeners(instance).length === 0) return;
    if (this.#follow) this.#follow(instance);
    else this.#early.push(instance);
  }

  /** From now on instances are told, those that are there already too. */
  listenTo(memberships: Memberships, logger: Logger): void {
    this.#follow = (instance) => {
      for (const declared of declaredListeners(instance)) {
        this.#following.push(follow(instance, declared, memberships, logger));
      }
    };
    for (const instance of this.#early.splice(0)) this.#follow(instance);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const each of this.#following.splice(0)) each[Symbol.dispose]();
  }
}

function follow(instance: object, { service, method }: DeclaredListener, memberships: Memberships, logger: Logger) {
  return followMembership(service, memberships.of(service), (change) => {
    const call: unknown = Reflect.get(instance, method);
    if (typeof call !== 'function') return;
    // One that throws must not stop the others, whether it does so now or later.
    void new Promise((resolve) => resolve(call.call(instance, change))).catch((error: unknown) => {
      logger.error({ err: error, service, method: String(method) }, 'a method that was told of a membership failed');
    });
  });
}
