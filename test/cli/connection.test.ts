import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { connect } from '../../src/cli/connection.js';
import type { GlobalOptions } from '../../src/cli/globals.js';

/** Status codes of gRPC. An old server does not implement `GetSystemInfo`. */
const [UNIMPLEMENTED, UNAVAILABLE] = [12, 14];

afterEach(() => void vi.useRealTimers());

test('a request that is being retried ends with its connection', async () => {
  const server = createServer().on('stream', (stream, headers) => {
    const status = headers[':path']?.endsWith('/GetSystemInfo') === true ? UNIMPLEMENTED : UNAVAILABLE;
    const answer = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(status) };
    stream.respond(answer, { endStream: true });
    if (status === UNAVAILABLE) server.emit('refused');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { client } = await connect({ address, disableConfigFile: true } as GlobalOptions, {});
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  const refused = once(server, 'refused');
  void client.workflow.count().catch(() => {});
  await refused;
  await vi.waitUntil(() => vi.getTimerCount() > 0);
  await client.connection.close();
  expect(() => vi.advanceTimersByTime(60_000)).not.toThrow();
  vi.useRealTimers();
  server.close();
});
