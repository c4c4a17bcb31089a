/** What the dashboard consists of, fetched with Maven the first time. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { askTool } from '../tools.js';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../../.cache/interop/hystrix', import.meta.url));

const dashboard = {
  artifact: 'com.netflix.hystrix:hystrix-dashboard:1.5.18:war',
  file: 'hystrix-dashboard-1.5.18.war',
};
/** Runs web applications of that time. */
const jetty = {
  artifact: 'org.eclipse.jetty:jetty-runner:9.4.57.v20241219',
  file: 'jetty-runner-9.4.57.v20241219.jar',
};
/** The dashboard's page loads it from a public server, on which a test must not depend. */
const underscore = { artifact: 'org.webjars:underscorejs:1.8.3', file: 'underscorejs-1.8.3.jar' };
const underscoreFile = 'META-INF/resources/webjars/underscorejs/1.8.3/underscore-min.js';

/** Where the parts are. */
export interface Artifacts {
  readonly dashboard: string;
  readonly jetty: string;
  /** The script that its page loads from elsewhere. */
  readonly underscore: Buffer;
}

/** Fetches what is not there yet. @throws ToolMissingError without Maven or a JDK; Error when it cannot be fetched. */
export async function fetchArtifacts(say: (text: string) => void, signal: AbortSignal): Promise<Artifacts> {
  await mkdir(folder, { recursive: true });
  for (const { artifact, file } of [dashboard, jetty, underscore]) {
    if (existsSync(join(folder, file))) continue;
    await askTool('mvn', ['-version'], 'Maven 3', signal);
    say(`Maven fetches ${artifact} …`);
    await run('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`], {
      signal,
    });
  }
  if (!existsSync(join(folder, underscoreFile))) {
    await askTool('jar', ['--version'], 'a JDK', signal);
    await run('jar', ['--extract', '--file', underscore.file, underscoreFile], { cwd: folder, signal });
  }
  return {
    dashboard: join(folder, dashboard.file),
    jetty: join(folder, jetty.file),
    underscore: await readFile(join(folder, underscoreFile)),
  };
}
