export { dmsReplicationLedger } from '../../src/workflows/ledger.js';
