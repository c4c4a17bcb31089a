import { ProtocolError } from '../protocol-error.js';
import { uint32 } from './numbers.js';

/**
 * Reads until when requests are wanted; undefined where a unit is used that is unknown.
 * @param nowMs - when the lease arrived
 * @throws ProtocolError `FWK_MUX_PROTOCOL`
 */
export function readLease(bytes: Buffer, begin: number, end: number, nowMs: number): number | undefined {
  if (end - begin < 9) throw new ProtocolError('a lease is cut off');
  // 0 stands for milliseconds; other units are unknown.
  if (bytes[begin] !== 0) return undefined;
  return nowMs + uint32(bytes, begin + 1) * 2 ** 32 + uint32(bytes, begin + 5);
}
