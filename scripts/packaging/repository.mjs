/** Where this repository stands, as the manifest of its root says; those of the packages must say the same. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../workspace.mjs';

/** As npm has it in a manifest. */
export const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Where people look at it, without a slash at the end. */
export const repositoryPage = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
