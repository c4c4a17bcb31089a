export { client as inventory } from './reader.js';
export declare const key: string;
