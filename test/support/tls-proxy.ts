/** Proxy with TLS in front of a Temporal server without TLS, as Temporal Cloud is reached. */
import { once } from 'node:events';
import {
  connect,
  createSecureServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { pemOf, type Certificates } from './certificates.js';

/** gRPC code of a request without a valid key. */
const UNAUTHENTICATED = '16';

interface TlsProxyOptions {
  /** True if the proxy refuses clients without a certificate of its authority. */
  readonly requestCert?: boolean;
  /** API key that every request must carry. Default: none is needed. */
  readonly apiKey?: string;
}

export interface TlsProxy extends AsyncDisposable {
  readonly port: number;
  /** Headers of each request so far. */
  readonly requests: readonly IncomingHttpHeaders[];
}

/** Starts a proxy on a free port of loopback. */
export async function startTlsProxy(
  target: string,
  { ca, server: own }: Certificates,
  { requestCert = false, apiKey }: TlsProxyOptions = {},
): Promise<TlsProxy> {
  const requests: IncomingHttpHeaders[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const upstream = connect(`http://${target}`);
  upstream.on('error', () => {}); // Each of its requests fails, too.
  const server = createSecureServer({
    cert: pemOf(own.cert),
    key: pemOf(own.key),
    ca: pemOf(ca),
    requestCert,
    rejectUnauthorized: requestCert,
  });
  server.on('sessionError', () => {});
  server.on('session', (session) => {
    sessions.add(session.on('close', () => sessions.delete(session)));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    requests.push(headers);
    stream.on('error', () => {});
    if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`) {
      const refused = { 'grpc-status': UNAUTHENTICATED, 'grpc-message': 'unknown API key' };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...refused }, { endStream: true });
      return;
    }
    const forwarded = { ...headers, ':scheme': 'http', ':authority': target } as OutgoingHttpHeaders;
    const request = upstream.request(forwarded, { endStream: false });
    let trailers: OutgoingHttpHeaders = {};
    request.on('error', () => stream.close());
    request.on('trailers', (sent) => (trailers = sent));
    request.on('response', ({ ':status': status, ...answer }) => {
      if (stream.destroyed) return;
      const isOver = answer['grpc-status'] !== undefined;
      stream.respond({ ':status': status, ...answer }, { endStream: isOver, waitForTrailers: !isOver });
      if (!isOver) request.pipe(stream);
    });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('close', () => request.close());
    stream.pipe(request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      upstream.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
