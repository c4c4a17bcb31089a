/** What configuration and its feature flags cost those who read them. */
import { openFeature, ownFlags } from '../config/flags.mjs';
import { read, swap } from '../config/settings.mjs';
import { interleave, median, pairedRatio, quick, report, round } from '../lib.mjs';

const measured = await interleave(
  { flag: await ownFlags(), openFeature: await openFeature(), read: await read(), swap: await swap() },
  { rounds: quick ? 2 : 7, warmUp: 1 },
);
const { median: flagVsOpenFeature } = pairedRatio(measured.flag, measured.openFeature);
const figures = {
  readNs: round(median(measured.read), 1),
  swapMs: round(median(measured.swap), 2),
  flagNs: round(median(measured.flag), 1),
  openFeatureNs: round(median(measured.openFeature), 1),
  flagVsOpenFeature: round(flagVsOpenFeature, 3),
};
report(
  'config: live settings, and a flag with three rules',
  [
    ['reading a live setting (must be ≤ 5 ns)', `${figures.readNs} ns`],
    ['1,000 settings checked and told to 1,000 subscribers (must be ≤ 5 ms)', `${figures.swapMs} ms`],
    ['a flag (must be ≤ 300 ns)', `${figures.flagNs} ns`],
    ['the same flag by OpenFeature’s SDK with its in-memory provider', `${figures.openFeatureNs} ns`],
    ['ours beside it (must be ≤ 0.333)', figures.flagVsOpenFeature],
  ],
  figures,
);
