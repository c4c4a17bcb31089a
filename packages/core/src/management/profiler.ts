/** How a process looks into itself: by V8. */
import type { Readable } from 'node:stream';
import { type CallContext, type Clock, sleep } from '@fwk/kernel';

/** Takes what the profile endpoints answer. */
export interface Profiler {
  /** A snapshot of the heap as a file for the developer tools of Chrome. The process stands still while it is taken. */
  heapSnapshot(): Promise<Readable>;
  /**
   * Watches what the process computes, until the time is over.
   * @param context - ends it early, with its reason.
   * @returns the profile as JSON for the developer tools of Chrome.
   */
  cpuProfile(forMs: number, context: CallContext): Promise<string>;
  /** Memory in bytes: used by the heap, by the whole process, and allowed to it; undefined where there is no limit. */
  memory(): { readonly heapBytes: number; readonly processBytes: number; readonly limitBytes: number | undefined };
}

/** Time between two looks at the stack, in microseconds. */
const samplingUs = 1000;
/** Platforms without a limit answer 0 or a number beyond all memory. */
const noLimitBytes = 2 ** 50;

/** The profiler of this process. V8's parts are loaded when they are first asked for. */
export function v8Profiler(clock: Clock): Profiler {
  return {
    async heapSnapshot() {
      const { getHeapSnapshot } = await import('node:v8');
      return getHeapSnapshot();
    },
    async cpuProfile(forMs, context) {
      const { Session } = await import('node:inspector');
      const session = new Session();
      const post = (method: string, params: object = {}) =>
        new Promise<object | undefined>((resolve, reject) => {
          session.post(method, params, (error, answer?: object) => (error ? reject(error) : resolve(answer)));
        });
      session.connect();
      try {
        await post('Profiler.enable');
        await post('Profiler.setSamplingInterval', { interval: samplingUs });
        await post('Profiler.start');
        await sleep(clock, forMs, context);
        const stopped = await post('Profiler.stop');
        return JSON.stringify(stopped && 'profile' in stopped ? stopped.profile : undefined);
      } finally {
        session.disconnect();
      }
    },
    memory() {
      const { heapUsed: heapBytes, rss: processBytes } = process.memoryUsage();
      const limit = process.constrainedMemory();
      return { heapBytes, processBytes, limitBytes: limit > 0 && limit < noLimitBytes ? limit : undefined };
    },
  };
}
