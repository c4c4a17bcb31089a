/** A proxy between a client and a server that passes on what they send, and records the frames. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrameReader, messageTypes, tags } from '@fwk/mux';

/** Who sent a frame. */
export type Sender = 'client' | 'server';

/** A recorded frame. */
export interface SeenFrame {
  readonly from: Sender;
  /** Such as `Tdispatch`, or its number where that is unknown. */
  readonly type: string;
  readonly tag: number;
  /** Whether more of the message follows. */
  readonly fragment: boolean;
  readonly body: Buffer;
}

const names = new Map<number, string>(Object.entries(messageTypes).map(([name, number]) => [number, name]));

/** See the head of this file. */
export class WireRecorder implements AsyncDisposable {
  readonly frames: SeenFrame[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens at a free port of the loopback interface, for the server at `port`. */
  static async before(port: number): Promise<WireRecorder> {
    const server = createServer();
    const recorder = new WireRecorder(server);
    server.on('connection', (client) => recorder.#join(client, connect(port, '127.0.0.1')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return recorder;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Recorded frames by sender and type. @param place - number of frames to skip */
  seen(from: Sender, type: string, place = 0): readonly SeenFrame[] {
    return this.frames.slice(place).filter((frame) => frame.from === from && frame.type === type);
  }

  /** Waits for such a frame, at most 10 s. */
  async awaits(from: Sender, type: string, place = 0): Promise<SeenFrame> {
    for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 10) {
      const [frame] = this.seen(from, type, place);
      if (frame) return frame;
      await sleep(10);
    }
    throw new Error(`the ${from} sent no ${type} within 10 s`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, server: Socket): void {
    this.#pass(client, server, 'client');
    this.#pass(server, client, 'server');
  }

  #pass(from: Socket, to: Socket, sender: Sender): void {
    this.#sockets.add(from);
    const reader = new FrameReader(
      {
        receiving: true,
        frame: (type, tag, bytes, begin, end) =>
          void this.frames.push({
            from: sender,
            type: names.get(type) ?? String(type),
            tag: tag & tags.last,
            fragment: (tag & tags.fragment) !== 0,
            body: Buffer.from(bytes.subarray(begin, end)),
          }),
      },
      2 ** 31,
    );
    from.on('data', (chunk: Buffer) => {
      reader.read(chunk);
      to.write(chunk);
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}
