/** Stand-in for a Docker daemon. Each container is a process of the simulator, as its image starts it. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { startProgramOf, type SimulatorProgram } from './simulator-image.js';

interface Container {
  readonly created: { readonly Image: string; readonly Cmd?: readonly string[]; readonly Labels?: object };
  readonly program: SimulatorProgram | null;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** Docker daemon of one test. */
export interface DockerDaemon extends AsyncDisposable {
  /** Value of `DOCKER_HOST`. */
  readonly address: string;
  /** Requests that it could not answer. */
  readonly unknown: readonly string[];
  /** Number of containers that were removed. */
  readonly removed: number;
}

/** Starts a daemon that has one image. `dockerfile`: how that image starts its program. */
export async function startDockerDaemon(image: string, dockerfile: string): Promise<DockerDaemon> {
  const containers = new Map<string, Container>();
  const unknown: string[] = [];
  let removed = 0;
  const notFound = (what: string): Answer => ({ status: 404, body: { message: `No such ${what}` } });

  const routes: readonly (readonly [
    RegExp,
    (found: readonly string[], request: IncomingMessage) => Promise<Answer>,
  ])[] = [
    [/^(GET|HEAD) \/_ping$/, async () => ({ status: 200 })],
    [/^GET \/version$/, async () => ({ status: 200, body: { ApiVersion: '1.47', MinAPIVersion: '1.24' } })],
    [/^GET \/info$/, async () => ({ status: 200, body: { OperatingSystem: 'none', OSType: 'linux' } })],
    [
      /^GET \/images\/(.+)\/json$/,
      async ([name = '']) =>
        decodeURIComponent(name) === image
          ? { status: 200, body: { Id: 'image', RepoTags: [image], Config: {} } }
          : notFound(`image: ${name}`),
    ],
    [
      /^POST \/containers\/create$/,
      async (_, request) => {
        const created = JSON.parse(await text(request)) as Container['created'];
        if (created.Image !== image && created.Image !== 'image') return notFound(`image: ${created.Image}`);
        const id = randomBytes(32).toString('hex');
        containers.set(id, { created, program: null });
        return { status: 201, body: { Id: id, Warnings: [] } };
      },
    ],
    [
      /^POST \/containers\/(\w+)\/start$/,
      async ([id = '']) => {
        const container = containers.get(id);
        if (container === undefined) return notFound(`container: ${id}`);
        const program = await startProgramOf(dockerfile, container.created.Cmd);
        containers.set(id, { ...container, program });
        return { status: 204 };
      },
    ],
    [
      /^GET \/containers\/(\w+)\/json$/,
      async ([id = '']) => {
        const container = containers.get(id);
        return container === undefined ? notFound(`container: ${id}`) : { status: 200, body: inspect(id, container) };
      },
    ],
    [/^GET \/containers\/json$/, async () => ({ status: 200, body: [] })],
    [/^GET \/containers\/(\w+)\/logs$/, async () => ({ status: 200 })],
    [
      /^POST \/containers\/(\w+)\/(?:stop|kill)$/,
      async ([id = '']) => {
        await containers.get(id)?.program?.[Symbol.asyncDispose]();
        return { status: 204 };
      },
    ],
    [
      /^DELETE \/containers\/(\w+)$/,
      async ([id = '']) => {
        await containers.get(id)?.program?.[Symbol.asyncDispose]();
        if (containers.delete(id)) removed++;
        return { status: 204 };
      },
    ],
  ];

  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '').replace(/^\/v[\d.]+/, '');
    const asked = `${request.method} ${path}`;
    const answer = async (): Promise<Answer> => {
      for (const [pattern, handle] of routes) {
        const found = pattern.exec(asked);
        if (found !== null) return handle(found.slice(1), request);
      }
      unknown.push(asked);
      return notFound(`page: ${asked}`);
    };
    void answer()
      .catch((err: unknown) => ({ status: 500, body: { message: String(err) } }))
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json', 'api-version': '1.47' });
        response.end(body === undefined ? undefined : JSON.stringify(body));
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    unknown,
    get removed() {
      return removed;
    },
    async [Symbol.asyncDispose]() {
      for (const { program } of containers.values()) await program?.[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function inspect(id: string, { created, program }: Container): object {
  const state = program === null ? 'created' : 'running';
  const binding = program && [{ HostIp: '127.0.0.1', HostPort: new URL(program.endpoint).port }];
  return {
    Id: id,
    Name: `/${id.slice(0, 12)}`,
    Created: new Date().toISOString(),
    State: { Status: state, Running: program !== null, StartedAt: new Date().toISOString() },
    Image: 'image',
    Config: { Image: created.Image, Labels: created.Labels ?? {}, Env: [], Hostname: id.slice(0, 12), Tty: false },
    HostConfig: { NetworkMode: 'bridge', PortBindings: {} },
    NetworkSettings: { Ports: { '4570/tcp': binding }, Networks: {} },
    Mounts: [],
  };
}
