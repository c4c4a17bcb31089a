/** Builds the programs of the Finagle peer with Maven. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ToolMissingError } from '../interop.js';
import { askTool } from '../tools.js';

const project = fileURLToPath(new URL('../../finagle', import.meta.url));
const classpathFile = join(project, 'target/classpath');
/** Written after each build; the times of Maven's own files do not tell, since it does not rewrite unchanged ones. */
const stampFile = join(project, 'target/built');
const oldestJava = 17;
const run = promisify(execFile);

/**
 * Builds the programs where a source is newer than the last build.
 * @returns the class path.
 * @throws ToolMissingError without a JDK or Maven; Error when the build fails.
 */
export async function build(say: (text: string) => void, signal: AbortSignal): Promise<string> {
  await checkJava(signal);
  if (!isBuilt()) {
    say('building the Finagle peer; the first time Maven fetches Finagle …');
    await askTool('mvn', ['-version'], 'Maven 3', signal);
    await run('mvn', ['-q', '-B', 'package'], { cwd: project, signal }).catch((error: { stdout?: string }) => {
      throw new Error(`Maven could not build ${project}: ${(error.stdout ?? String(error)).slice(-2000)}`);
    });
    writeFileSync(stampFile, '');
  }
  return `${join(project, 'target/classes')}:${readFileSync(classpathFile, 'utf8').trim()}`;
}

async function checkJava(signal: AbortSignal): Promise<void> {
  const version = await askTool('javac', ['-version'], `a JDK of at least ${oldestJava}`, signal);
  const major = majorOf(version);
  if (major === undefined || major < oldestJava) {
    throw new ToolMissingError(`a JDK of at least ${oldestJava} is needed; javac says "${version}"`);
  }
}

/** The number in front of `javac 17.0.15`; undefined where there is none. */
export function majorOf(version: string): number | undefined {
  const found = /^javac (\d+)/.exec(version);
  return found ? Number(found[1]) : undefined;
}

function isBuilt(): boolean {
  const builtMs = statSync(stampFile, { throwIfNoEntry: false })?.mtimeMs;
  if (builtMs === undefined) return false;
  const sources = readdirSync(join(project, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return [join(project, 'pom.xml'), ...sources].every((file) => statSync(file).mtimeMs <= builtMs);
}
