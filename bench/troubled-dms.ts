/** Proxy between a worker and the simulator. One page of the list always fails, and one region is down. */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const TARGET = 'x-amz-target';
const FAILURE = JSON.stringify({ __type: 'InternalFailure', message: 'The request processing has failed' });

export interface TroubledDms extends AsyncDisposable {
  readonly endpoint: string;
}

export async function startTroubledDms(
  simulator: string,
  regionDown: string,
  isBrokenPage: (marker: string) => boolean,
): Promise<TroubledDms> {
  const isBroken = ({ headers }: IncomingMessage, body: string) => {
    if (!String(headers[TARGET]).endsWith('.DescribeReplications')) return false;
    const { Marker: marker } = JSON.parse(body) as { Marker?: string };
    return marker !== undefined && isBrokenPage(marker);
  };
  const server = createServer((asked, answer) => {
    void text(asked).then((body) => {
      if (String(asked.headers.authorization).includes(`/${regionDown}/`)) return asked.socket.destroy();
      if (isBroken(asked, body)) return answer.writeHead(500).end(FAILURE);
      const { method = 'POST', headers, url } = asked;
      const passed = request(new URL(url ?? '/', simulator), { method, headers }, (told) => {
        answer.writeHead(told.statusCode ?? 502, told.headers);
        told.pipe(answer);
      });
      passed.on('error', () => asked.socket.destroy());
      return passed.end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
