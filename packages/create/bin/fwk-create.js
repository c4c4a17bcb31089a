#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { main } from '../dist/bundle/cli/main.js';

// All packages share one version, so what it makes uses the packages of its own.
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
process.exitCode = await main(process.argv.slice(2), version);
