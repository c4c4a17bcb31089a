/** A bare server of `node:http` or `node:https`, whoever listens to its requests, and whenever they begin to. */
import { IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Program } from './program.js';

export function isNodeServer(value: unknown): value is Server {
  if (typeof value !== 'object' || value === null) return false;
  return 'headersTimeout' in value && 'emit' in value && typeof value.emit === 'function' && 'close' in value;
}

export function nodeProgram(server: Server): Program {
  return {
    kind: 'a server of node:http',
    identity: server,
    ignoresCase: false,
    install(enter) {
      const { emit } = server;
      const guarded = (...given: unknown[]): boolean => {
        const [event, message, response] = given;
        const isRequest =
          event === 'request' && message instanceof IncomingMessage && response instanceof ServerResponse;
        if (!isRequest) return Reflect.apply(emit, server, given);
        enter(message, response, () => void Reflect.apply(emit, server, given));
        return true;
      };
      server.emit = guarded as Server['emit'];
    },
    routes: () => [],
    server,
  };
}
