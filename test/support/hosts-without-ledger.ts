export { dmsStopReplication } from '../../src/workflows/index.js';
