/** Images of services: built with all tools, run with what a running service needs. */

/** What Docker leaves alone. Its patterns hold for the root alone unless they say otherwise. */
export const dockerIgnored = `${['node_modules', 'dist', '*.tsbuildinfo', '*.log', '.env']
  .map((pattern) => `**/${pattern}\n`)
  .join('')}.git\nDockerfile\n`;

/** By the lock file where there is one, as it is after the first `npm install`. */
const install = 'RUN if [ -f package-lock.json ]; then npm ci; else npm install; fi';
const build = 'RUN npm run build && npm prune --omit=dev';

const settings = 'ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000';
const isReady = "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then(({ ok }) => process.exit(ok ? 0 : 1))";
const start = `# The user "node", by its number: runAsNonRoot of Kubernetes knows no names.
USER 1000
EXPOSE 3000
HEALTHCHECK CMD ["node", "-e", "${isReady}"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
`;

/** Of a package with one service. */
export const serviceDockerfile = `FROM node:24-slim AS build
WORKDIR /app
COPY package*.json ./
${install}
COPY . .
${build}

FROM node:24-slim
WORKDIR /app
${settings}
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
${start}`;

/** Of one service of a workspace. */
export const workspaceDockerfile = `# docker build --build-arg SERVICE=catalog -t catalog .
FROM node:24-slim AS build
WORKDIR /app
COPY . .
${install}
${build}

FROM node:24-slim
ARG SERVICE
${settings}
COPY --from=build /app /app
WORKDIR /app/services/\${SERVICE}
RUN test -f dist/main.js || { echo "say which service: --build-arg SERVICE=catalog"; exit 1; }
${start}`;
