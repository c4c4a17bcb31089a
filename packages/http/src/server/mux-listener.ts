/**
 * Takes the connections of a server that speak Mux. What serves them is loaded when the first one comes, so that servers that
 * are called over HTTP alone pay nothing; meanwhile connections wait.
 */
import type { Socket } from 'node:net';
import type { MuxSessions, MuxSessionsParts } from '../mux/mux-sessions.js';
import type { PeerCheck } from './server-tls.js';

/** What a listener needs beside what its sessions do. */
export interface MuxListenerParts extends MuxSessionsParts {
  /** What stands for the address of every caller; undefined where each has its own. */
  readonly callerAddress: string | undefined;
  readonly peerOf: PeerCheck;
}

/** See the head of this file. */
export class MuxListener {
  readonly #parts: MuxListenerParts;
  #loading: Promise<MuxSessions> | undefined;
  #stopping = false;

  constructor(parts: MuxListenerParts) {
    this.#parts = parts;
  }

  /** Takes a connection; must be called again by nobody. */
  readonly take = async (socket: Socket): Promise<void> => {
    const { callerAddress, peerOf, logger } = this.#parts;
    const address = callerAddress ?? socket.remoteAddress ?? '';
    try {
      const sessions = await this.#load();
      if (socket.destroyed) return;
      sessions.begin(socket, address, () => peerOf(socket, false));
      if (this.#stopping) await sessions.drain();
    } catch (error) {
      logger.error({ err: error }, 'a connection that speaks Mux could not be served');
      socket.destroy();
    }
  };

  /** Sends the callers away; settles when only sessions with calls under way are left. */
  async drain(): Promise<void> {
    this.#stopping = true;
    const sessions = await this.#loading?.catch(() => undefined);
    await sessions?.drain();
  }

  #load(): Promise<MuxSessions> {
    this.#loading ??= import('../mux/mux-sessions.js').then(({ MuxSessions: Sessions }) => new Sessions(this.#parts));
    return this.#loading;
  }
}
