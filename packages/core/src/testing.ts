export { type TestAppOptions, testApp } from './testing/test-app.js';
