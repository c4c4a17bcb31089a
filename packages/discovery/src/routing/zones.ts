/**
 * Zone awareness: calls stay in the caller's zone as far as that loads nobody there more than elsewhere.
 *
 * `local(z)` is the share of the callers in a zone, `upstream(z)` that of the called. With upstream ≥ local in the own zone all
 * calls stay. Otherwise upstream/local of them do, and the rest goes to the zones that have more to give than their own callers
 * take: in proportion to max(0, upstream − local). Source: Envoy, zone aware routing.
 *
 * It needs at least two zones and enough endpoints: with a few, one that is lost would shift too much.
 */

/** How much there is in each zone, in any unit. */
export type ZoneCounts = ReadonlyMap<string, number>;

/**
 * Share of the calls of one caller that each zone gets; the sum is 1, and zones that get none are left out. Undefined: zones are
 * not regarded.
 * @param own - the caller's zone.
 * @param upstream - the called ones.
 * @param local - the callers; where those of the own zone are not among them nobody knows, and each zone counts as having as many.
 */
export function zoneShares(
  own: string,
  upstream: ZoneCounts,
  local: ZoneCounts,
): ReadonlyMap<string, number> | undefined {
  if (upstream.size < 2) return undefined;
  const callers = (local.get(own) ?? 0) > 0 ? local : equally(own, upstream);
  const [upstreamSum, localSum] = [sumOf(upstream), sumOf(callers)];
  if (!(upstreamSum > 0)) return undefined;
  const ofUpstream = (zone: string) => (upstream.get(zone) ?? 0) / upstreamSum;
  const ofLocal = (zone: string) => (callers.get(zone) ?? 0) / localSum;
  const stays = Math.min(1, ofUpstream(own) / ofLocal(own));
  // Sums of fractions: where both shares are the same, rounding sends nobody away.
  if (stays > 1 - 1e-9) return new Map([[own, 1]]);
  const spare = new Map<string, number>();
  for (const zone of upstream.keys()) {
    const more = zone === own ? 0 : ofUpstream(zone) - ofLocal(zone);
    if (more > 1e-9) spare.set(zone, more);
  }
  const spareSum = sumOf(spare);
  if (spareSum === 0) return undefined;
  const shares = new Map<string, number>();
  if (stays > 0) shares.set(own, stays);
  for (const [zone, more] of spare) shares.set(zone, ((1 - stays) * more) / spareSum);
  return shares;
}

function equally(own: string, upstream: ZoneCounts): ZoneCounts {
  return new Map([own, ...upstream.keys()].map((zone) => [zone, 1]));
}

function sumOf(counts: ZoneCounts): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
