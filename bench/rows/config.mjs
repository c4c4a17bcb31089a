/** What configuration and its feature flags cost those who read them. */
import { consulKey } from '../config/consul.mjs';
import { openFeature, ownFlags } from '../config/flags.mjs';
import { read, swap } from '../config/settings.mjs';
import { interleave, median, pairedRatio, quick, report, round } from '../lib.mjs';

const measured = await interleave(
  { flag: await ownFlags(), openFeature: await openFeature(), read: await read(), swap: await swap() },
  { rounds: quick ? 2 : 7, warmUp: 1 },
);
const { median: flagVsOpenFeature } = pairedRatio(measured.flag, measured.openFeature);
const inConsul = await interleave(await consulKey(), { rounds: quick ? 3 : 100, warmUp: 3 });
const ratioOf = (tree, per) => round(pairedRatio(inConsul[tree], inConsul[per]).median);
const figures = {
  readNs: round(median(measured.read), 1),
  swapMs: round(median(measured.swap), 2),
  flagNs: round(median(measured.flag), 1),
  openFeatureNs: round(median(measured.openFeature), 1),
  flagVsOpenFeature: round(flagVsOpenFeature, 3),
  consulKeyMs: round(median(inConsul.of10000)),
  consulKeyMsOf100: round(median(inConsul.of100)),
  consulKeyMsFlat: round(median(inConsul.flat10000)),
  consulKeyRatio: ratioOf('of10000', 'of100'),
};
report(
  'config: live settings, and a flag with three rules',
  [
    ['reading a live setting (must be ≤ 5 ns)', `${figures.readNs} ns`],
    ['1,000 settings checked and told to 1,000 subscribers (must be ≤ 5 ms)', `${figures.swapMs} ms`],
    ['a flag (must be ≤ 300 ns)', `${figures.flagNs} ns`],
    ['the same flag by OpenFeature’s SDK with its in-memory provider', `${figures.openFeatureNs} ns`],
    ['ours beside it (must be ≤ 0.333)', figures.flagVsOpenFeature],
    ['a changed key of 10,000 in Consul reaches its listener (must be ≤ 20 ms)', `${figures.consulKeyMs} ms`],
    ['the same of 10,000 keys in one folder', `${figures.consulKeyMsFlat} ms`],
    ['the same of 100 keys', `${figures.consulKeyMsOf100} ms`],
    ['10,000 keys beside 100 (must be ≤ 2)', figures.consulKeyRatio],
  ],
  figures,
);
process.exit(0);
