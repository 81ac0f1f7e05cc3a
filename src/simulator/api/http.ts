import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';

const MAX_BODY_BYTES = 1024 * 1024;
/** Timeouts for a request that is not complete, and for a connection without requests, in ms. AWS keeps one for a minute. */
const PATIENCE = {
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 60_000,
};

export interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Body before it was read as UTF-8. */
  readonly bytes: Uint8Array;
}

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Time in the header `Date`, in ms since the epoch. Default `null`: no header. */
  readonly date?: number | null;
}

/**
 * Creates a server that limits the size and the duration of requests.
 *
 * `answer` returns `null` to break the connection. `tooLarge` answers a body of more than 1 MiB.
 */
export function serve(answer: (request: Request) => Promise<Reply | null>, tooLarge: () => Reply): Server {
  const server = createServer(PATIENCE, (incoming, response) => {
    const send = ({ status, type, body, headers = {}, date = null }: Reply, more: Record<string, string> = {}) => {
      const length = { 'content-length': String(Buffer.byteLength(body)) };
      const dated = date === null ? {} : { date: new Date(date).toUTCString() };
      response.sendDate = false;
      const usual = { 'content-type': type, 'x-amzn-requestid': randomUUID() };
      response.writeHead(status, { ...usual, ...length, ...dated, ...headers, ...more });
      response.end(body);
    };
    const read = async (): Promise<void> => {
      const bytes = await readBody(incoming);
      if (bytes === null) {
        send(tooLarge(), { connection: 'close' });
        return;
      }
      const { method = 'GET', url = '/', headers } = incoming;
      const reply = await answer({ method, url: toUrl(url), headers, body: bytes.toString(), bytes });
      if (reply === null) incoming.socket.destroy();
      else if (!response.destroyed) send(reply);
    };
    // A client may disconnect in the middle of its request.
    read().catch(() => incoming.socket.destroy());
  });
  // Answers requests that are not HTTP or too slow, as a web server does.
  server.on('clientError', (_, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
    else socket.destroy();
  });
  return server;
}

/** Reads the body of a request. `null`: the body is too large. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function toUrl(path: string): URL {
  try {
    return new URL(path, 'http://simulator');
  } catch {
    return new URL('/not-a-path', 'http://simulator');
  }
}
