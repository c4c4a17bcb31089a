/**
 * Lists of what each package brings (CycloneDX), as an install of it from the registry has it. They are made from the published
 * packages and not from this workspace: there `npm sbom --omit dev` leaves out what tools of the workspace need as well.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { npm } from '../packaging/npm.mjs';

/** A registry may need a while until it shows to all what has just been published. */
const tries = 10;
const pauseMs = 15_000;

/**
 * Writes `NAME.cdx.json` for each package.
 * @param {Record<string, string>} staged folders of the published packages by name
 * @param {string} target a folder, made if it is not there
 * @param {Record<string, string>} [env] of npm
 * @throws Error when npm fails, or a list lacks something
 */
export async function writeSboms(staged, target, env) {
  mkdirSync(target, { recursive: true });
  for (const [name, folder] of Object.entries(staged)) {
    await resolved(folder, env);
    const text = await npm(['sbom', '--package-lock-only', '--omit=dev', '--sbom-format=cyclonedx'], folder, env);
    const lacking = lackingIn(JSON.parse(text), JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
    if (lacking.length > 0) throw new Error(`the list of what ${name} brings lacks ${lacking.join(', ')}`);
    writeFileSync(join(target, `${name.slice('@fwk/'.length)}.cdx.json`), text);
  }
}

/**
 * What a list should have and has not.
 * @param {{ metadata: { component: { purl: string } }, components?: readonly { purl: string }[] }} list
 * @param {{ name: string, version: string, dependencies?: Record<string, string> }} manifest
 * @returns {string[]}
 */
export function lackingIn({ metadata, components = [] }, { name, version, dependencies = {} }) {
  const purl = (each) => `pkg:npm/${each.replace('@', '%40')}@`;
  const itself = metadata.component.purl === `${purl(name)}${version}` ? [] : [name];
  const isListed = (each) => components.some((component) => component.purl.startsWith(purl(each)));
  return [...itself, ...Object.keys(dependencies).filter((each) => !isListed(each))];
}

/** Takes from the registry what the package needs, into a lock file. */
async function resolved(folder, env) {
  const args = ['install', '--package-lock-only', '--omit=dev', '--prefer-online', '--no-audit', '--no-fund'];
  for (let left = tries; ; left--) {
    try {
      return await npm(args, folder, env);
    } catch (error) {
      if (left <= 1 || !error.message.includes('ETARGET')) throw error;
      await wait(pauseMs);
    }
  }
}
