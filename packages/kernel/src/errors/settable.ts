/**
 * Lets getters of a class be assigned to: the instance then has what it was given, not listed among its keys. Frameworks and
 * their middleware write to errors: Koa sets `status`, and a getter alone would throw there and end the process.
 */
export function settable(prototype: object, ...names: readonly string[]): void {
  for (const name of names) {
    Object.defineProperty(prototype, name, {
      ...Object.getOwnPropertyDescriptor(prototype, name),
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, configurable: true });
      },
    });
  }
}
