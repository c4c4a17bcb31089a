/**
 * Serves those connections of a server that speak Mux. The code for it is loaded when the first one comes, so that servers that are
 * called over HTTP alone pay nothing. Connections wait meanwhile.
 */
import type { Socket } from 'node:net';
import type { MuxSessions, MuxSessionsParts } from '../mux/mux-sessions.js';
import type { PeerCheck } from './server-tls.js';

/** What a listener and its sessions need. */
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

  /** Takes over a connection. Call it once for each. */
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

  /** Asks all callers to send no more; settles when only sessions with calls under way are left. */
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
