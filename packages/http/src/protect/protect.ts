import type { Component } from '@fwk/kernel';
import { programSteps } from './program-steps.js';
import { checkProtectOptions, type ProtectOptions } from './protect-options.js';
import { Protection } from './protection.js';

/** What {@link protect} can guard: an application of Express 5, Fastify 5 or NestJS, or a server of `node:http`; or a function that makes one. */
export type Protectable = object | (() => Promise<object> | object);

/**
 * Guards a program: deadlines, limits, idempotency keys, traces, metrics, probes and draining, in front of handlers that know nothing of
 * it. Call it once for each program, before plugins and routes are added to a Fastify application. List what it returns in an application
 * (`createApp({ use: [...] })`) for management, discovery, and everything that is shared.
 * @param program - an application of Express 5, Fastify 5 or NestJS, or a server of `node:http`. A function that makes one is called when the
 * application starts, so that the program can use what the components before it offer.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, NotAProgramError `FWK_HTTP_NOT_A_PROGRAM`, AlreadyProtectedError
 * `FWK_HTTP_ALREADY_PROTECTED`
 * @example
 * const app = express();
 * const guarded = protect(app, { limit: {}, listen: () => app.listen(3000) });
 * await createApp({ name: 'orders', version: '1.0.0', owner: 'team-orders', use: [discovery(), guarded] }).start();
 */
export function protect(program: Protectable, options?: Partial<ProtectOptions>): Component {
  const settings = checkProtectOptions(options);
  const protection = new Protection(settings);
  const make = isMaker(program) ? program : undefined;
  if (!make) protection.install(program);
  return { name: settings.name ?? 'program', ...programSteps(protection, make) };
}

function isMaker(value: unknown): value is () => Promise<object> | object {
  return typeof value === 'function' && !('handle' in value) && value.length === 0;
}
