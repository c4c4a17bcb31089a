/**
 * A share u of 200 endpoints is dead, and two choices draw up to k = 4 pairs. All eight draws are dead with the chance u^8: then what
 * was drawn last would be taken, dead as it is, which is called panic. Ours looks at the others in turn after that, so that a
 * living endpoint is found if there is one among 256.
 *
 * `drawn` is the share of picks of which all draws were dead, `offBy` how far that is from u^8, `dead` the share of picks that went
 * to a dead endpoint all the same, and `nobody` the picks without any endpoint.
 */
import { p2c } from '@fwk/discovery';
import { simulation } from '../engine/simulation.js';
import { caseOf, type Figure, type Row } from '../row.js';
import { SimulatedCandidate } from '../world/candidates.js';
import { fleetEndpoints } from '../world/fleet.js';

const ENDPOINTS = 200;
const PICKS = 40_000;
const DRAWS = 8;

async function pickAmongDead(seed: number, deadShare: number) {
  const world = simulation(seed);
  const candidates = fleetEndpoints(ENDPOINTS).value.map((endpoint) => new SimulatedCandidate(endpoint));
  const order = world.random('who is dead');
  const mixed = candidates.map((candidate) => ({ candidate, at: order() })).sort((a, b) => a.at - b.at);
  for (const { candidate } of mixed.slice(0, Math.round(deadShare * ENDPOINTS))) candidate.dead = true;
  const picker = p2c().picker(candidates, world.env('client'));
  let [panics, dead, nobody] = [0, 0, 0];
  for (let pick = 0; pick < PICKS; pick++) {
    for (const candidate of candidates) candidate.asked = 0;
    const picked = picker.pick(0) as SimulatedCandidate | undefined;
    const asked = candidates.reduce((sum, candidate) => sum + candidate.asked, 0);
    // Who is drawn is asked, until one is alive; whoever is looked at in turn is asked after the eighth.
    if (asked > DRAWS || (asked === DRAWS && picked?.dead)) panics++;
    if (!picked) nobody++;
    else if (picked.dead) dead++;
  }
  const drawn = panics / PICKS;
  return { drawn, offBy: Math.abs(drawn - deadShare ** DRAWS), dead: dead / PICKS, nobody };
}

function panicCase(percent: number) {
  const dead: Figure = percent === 100 ? { of: 'highest' } : { of: 'highest', atMost: 0 };
  return caseOf({
    name: `${percent} % dead`,
    figures: {
      drawn: { of: 'median' },
      offBy: { of: 'highest', atMost: 0.01 },
      dead,
      nobody: { of: 'highest', atMost: 0 },
    },
    simulate: (seed) => pickAmongDead(seed, percent / 100),
  });
}

/** Never nobody, and as often in need as is computed. */
export const panic: Row = {
  name: 'panic',
  about: '10 to 100 % of 200 endpoints are dead; how often all draws of two choices are, beside the formula',
  cases: [10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map(panicCase),
};
