/**
 * The guard of one program. It works from the moment on which it is put there, with parts of its own; an application exchanges them for
 * its own when it starts.
 */
import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createDrain } from '@fwk/core';
import { makeEnv } from '@fwk/kernel';
import { policyRegistry } from '@fwk/resilience';
import { type TrustCheck, trustCheck } from '../serving/trusted-networks.js';
import { Guard, type GuardParts } from './guard.js';
import { type Program, programOf } from './program.js';
import { AlreadyProtectedError } from './program-errors.js';
import { parseRoute } from './program-routes.js';
import type { ProtectOptions } from './protect-options.js';

/** Programs that are guarded; in the registry of symbols, so that a second copy of this package finds it. */
const mark = Symbol.for('@fwk/http/protected');

/** See the head of this file. */
export class Protection {
  readonly settings: ProtectOptions;
  #program: Program | undefined;
  #guard: Guard | undefined;
  #trusts: TrustCheck = () => false;
  /** Requests that came while the application was starting; undefined while none need to wait. */
  #held: (() => void)[] | undefined;
  /** Servers that requests came on. */
  readonly servers = new Set<Server>();

  constructor(settings: ProtectOptions) {
    this.settings = settings;
    void trustCheck(settings.trustedNetworks).then((trusts) => {
      this.#trusts = trusts;
    });
  }

  get program(): Program | undefined {
    return this.#program;
  }

  readonly trusts: TrustCheck = (address) => this.#trusts(address);

  /**
   * Puts itself before a program.
   * @throws NotAProgramError `FWK_HTTP_NOT_A_PROGRAM`, AlreadyProtectedError `FWK_HTTP_ALREADY_PROTECTED`
   */
  install(value: unknown): Program {
    const program = programOf(value);
    const { identity, kind } = program;
    if (Object.hasOwn(identity, mark)) throw new AlreadyProtectedError(kind);
    this.#checkEarly(program);
    program.install(this.#enter);
    Object.defineProperty(identity, mark, { value: true });
    this.#program = program;
    return program;
  }

  /** Keeps requests waiting until {@link letGo}: they come as soon as the program listens, before all its routes are known. */
  hold(): void {
    this.#held ??= [];
  }

  letGo(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const enter of held) enter();
  }

  /** Takes the parts of an application away; requests that still come are guarded with parts of its own. */
  async release(): Promise<void> {
    const before = this.#guard;
    this.#guard = undefined;
    this.servers.clear();
    await before?.[Symbol.asyncDispose]();
  }

  /** Works with the parts of an application from now on. */
  bind(program: Program, name: string, parts: GuardParts): Guard {
    const guard = new Guard(program, this.settings.name ?? name, this.settings, parts);
    const before = this.#guard;
    this.#guard = guard;
    void before?.[Symbol.asyncDispose]();
    return guard;
  }

  readonly #enter = (message: IncomingMessage, response: ServerResponse, pass: () => void, route?: string): void => {
    const server: unknown = Reflect.get(message.socket, 'server');
    if (typeof server === 'object' && server !== null) this.servers.add(server as Server);
    const enter = () => (this.#guard ?? this.#alone()).enter(message, response, pass, route);
    if (this.#held) this.#held.push(AsyncResource.bind(enter));
    else enter();
  };

  /** Made at the first request, when all routes are there. */
  #alone(): Guard {
    const guard = this.bind(this.#program as Program, 'program', this.#ownParts());
    const { unknownOperations } = guard;
    if (unknownOperations.length > 0) {
      const names = unknownOperations.join(', ');
      process.emitWarning(
        `protect: operations has ${names}, and the program has no such route; name one as in "POST /orders/:id"`,
      );
    }
    return guard;
  }

  /** What is wrong with options is told where they are given, and not by the first request. */
  #checkEarly(program: Program): void {
    const named = Object.keys(this.settings.operations ?? {}).flatMap((name) => parseRoute(name) ?? []);
    const routes = () => [...program.routes(), ...named];
    const { kind, identity, ignoresCase, server, install } = program;
    const trial = { kind, identity, ignoresCase, server, install, routes };
    void new Guard(trial, 'program', this.settings, this.#ownParts())[Symbol.asyncDispose]();
  }

  #ownParts(): GuardParts {
    const env = makeEnv();
    return {
      env,
      drain: createDrain(env.clock),
      health: undefined,
      exposition: undefined,
      usage: undefined,
      policies: policyRegistry(env),
      trusts: this.trusts,
    };
  }
}
