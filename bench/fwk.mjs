/** The packages of this repository, as built. */
const built = (name) => import(new URL(`../packages/${name}/dist/index.js`, import.meta.url).href);

export const core = () => built('core');
export const discovery = () => built('discovery');
export const http = () => built('http');
export const kernel = () => built('kernel');
export const resilience = () => built('resilience');

/** A part of a package that is not exported, for rows that measure below its public face. */
export const inside = (name, file) => import(new URL(`../packages/${name}/dist/${file}`, import.meta.url).href);
