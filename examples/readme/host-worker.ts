import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';

const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' });
const taskQueue = 'my-team';
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowsPath: fileURLToPath(new URL('host.ts', import.meta.url)),
});
const { workflow } = new Client({ connection });
const args = [process.argv[2] ?? ''];
const result = await worker.runUntil(workflow.execute('changeSchema', { workflowId: randomUUID(), taskQueue, args }));
console.log(result);
await connection.close();
