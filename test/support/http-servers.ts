/** Servers on loopback that replace AWS where the simulator can't. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listening extends AsyncDisposable {
  readonly endpoint: string;
}

/** Starts a server on a free port of loopback. */
export async function listen(server: Server): Promise<Listening> {
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

const FIVE_MINUTES_MS = 300_000;

/** Starts a DMS without replications that refuses requests by the age of their signature, as AWS does. */
export async function startTimeCheckingDms(): Promise<Listening & { readonly requests: number }> {
  let requests = 0;
  const server = createServer((asked, answer) => {
    requests++;
    const signedAt = String(asked.headers['x-amz-date']).replace(
      /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/,
      '$1-$2-$3T$4:$5:$6Z',
    );
    const now = new Date();
    const isOff = Math.abs(now.getTime() - Date.parse(signedAt)) > FIVE_MINUTES_MS;
    const message = `Signature expired: ${signedAt} is now earlier than ${now.toISOString()}`;
    const refused = { __type: 'InvalidSignatureException', message };
    asked.resume().once('end', () => {
      answer.writeHead(isOff ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1', date: now.toUTCString() });
      answer.end(JSON.stringify(isOff ? refused : { Replications: [] }));
    });
  });
  const { endpoint, [Symbol.asyncDispose]: dispose } = await listen(server);
  return {
    endpoint,
    get requests() {
      return requests;
    },
    [Symbol.asyncDispose]: dispose,
  };
}
