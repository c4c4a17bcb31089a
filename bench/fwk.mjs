/** The packages of this repository, as their users import them. */
export const config = () => import('@fwk/config');
export const core = () => import('@fwk/core');
export const discovery = () => import('@fwk/discovery');
export const http = () => import('@fwk/http');
export const kernel = () => import('@fwk/kernel');
export const mux = () => import('@fwk/mux');
export const resilience = () => import('@fwk/resilience');

/** A part of a package that is not exported, for rows that measure below its public face. */
export const inside = (name, file) => import(new URL(`../packages/${name}/dist/${file}`, import.meta.url).href);
