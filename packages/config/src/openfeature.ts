export { openFeatureProvider } from './flags/openfeature-provider.js';
