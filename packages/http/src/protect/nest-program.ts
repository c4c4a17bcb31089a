/** NestJS, on Express or on Fastify: what is guarded is the application below. */
import type { Server } from 'node:http';
import type { Program } from './program.js';

/** What is used of an application of NestJS. */
export interface NestApp {
  getHttpAdapter(): { getInstance(): unknown };
  getHttpServer(): Server;
  close(): Promise<unknown>;
}

export function isNestApp(value: unknown): value is NestApp {
  if (typeof value !== 'object' || value === null) return false;
  return 'getHttpAdapter' in value && typeof value.getHttpAdapter === 'function' && 'getHttpServer' in value;
}

/** @param below - what it stands on. */
export function nestProgram(app: NestApp, below: Program): Program {
  return {
    kind: 'an application of NestJS',
    identity: below.identity,
    get ignoresCase() {
      return below.ignoresCase;
    },
    install: (enter) => below.install(enter),
    routes: () => below.routes(),
    get server() {
      return app.getHttpServer();
    },
    close: () => app.close(),
  };
}
