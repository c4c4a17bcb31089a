export { inventory as newer, inventory as older } from './reader.js';
