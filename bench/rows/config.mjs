/** What configuration and its feature flags cost those who read them. */
import { openFeature, ownFlags } from '../config/flags.mjs';
import { interleave, median, pairedRatio, quick, report, round } from '../lib.mjs';

const measured = await interleave(
  { flag: await ownFlags(), openFeature: await openFeature() },
  { rounds: quick ? 2 : 7, warmUp: 1 },
);
const { median: flagVsOpenFeature } = pairedRatio(measured.flag, measured.openFeature);
const figures = {
  flagNs: round(median(measured.flag), 1),
  openFeatureNs: round(median(measured.openFeature), 1),
  flagVsOpenFeature: round(flagVsOpenFeature, 3),
};
report(
  'config: a flag with three rules',
  [
    ['fwk (must be ≤ 300 ns)', `${figures.flagNs} ns`],
    ['OpenFeature’s SDK with its in-memory provider', `${figures.openFeatureNs} ns`],
    ['fwk beside it (must be ≤ 0.333)', figures.flagVsOpenFeature],
  ],
  figures,
);
