/** A program that can be guarded, whatever it is written with. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { expressProgram, isExpressApp } from './express-program.js';
import { fastifyProgram, isFastifyApp } from './fastify-program.js';
import { isNestApp, nestProgram } from './nest-program.js';
import { isNodeServer, nodeProgram } from './node-program.js';
import { NotAProgramError } from './program-errors.js';
import type { FoundProgramRoute } from './program-routes.js';

/**
 * Lets a request in, or answers it.
 * @param pass - hands it to the program.
 * @param route - the path of the route that the program's router has chosen, where that is known.
 */
export type Enter = (message: IncomingMessage, response: ServerResponse, pass: () => void, route?: string) => void;

/** See the head of this file. */
export interface Program {
  /** For messages. */
  readonly kind: string;
  /** What is guarded: the same for all that lead to the same handlers. */
  readonly identity: object;
  /** Whether its router takes `/Orders` for `/orders`. */
  readonly ignoresCase: boolean;
  /** Puts the guard before all handlers. */
  install(enter: Enter): void;
  /** The routes that it has now, as far as it tells. */
  routes(): readonly FoundProgramRoute[];
  /** What listens for it; undefined where that is made later. */
  readonly server: Server | undefined;
  /** Ends it in its own way, with its hooks, once nothing is in flight; undefined where it has none. */
  readonly close?: (() => unknown) | undefined;
}

/**
 * Finds out what a value is.
 * @throws NotAProgramError `FWK_HTTP_NOT_A_PROGRAM`
 */
export function programOf(value: unknown): Program {
  if (isNestApp(value)) return nestProgram(value, programOf(value.getHttpAdapter().getInstance()));
  if (isFastifyApp(value)) return fastifyProgram(value);
  if (isExpressApp(value)) return expressProgram(value);
  if (isNodeServer(value)) return nodeProgram(value);
  const what =
    typeof value === 'function'
      ? `the function ${value.name || '(without a name)'}`
      : `a value of type ${typeof value}`;
  throw new NotAProgramError(
    `${what} is no application of Express 5, Fastify 5 or NestJS, and no server of node:http; give http.createServer(listener) for a listener`,
  );
}
