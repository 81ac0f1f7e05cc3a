/** Metrics, dashboard and alert rules, checked by a real Prometheus. */
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freePort } from '../../scripts/free-port.js';
import { ReplicationClient } from '../../src/client/index.js';
import { createArchiveTable } from '../../src/dynamodb/index.js';
import { startDmsSimulator } from '../../src/simulator/index.js';
import { Application, cutoverHook, cutoverInput, runningReplications, sharedActivities } from '../support/cutover.js';
import { inPhase } from '../support/cutover-stage.js';
import { debianPackages } from '../support/debian.js';
import { startDynamoDb } from '../support/dynamodb.js';
import { listen } from '../support/http-servers.js';
import { quick, Stage, until } from '../support/stage.js';
import { endProcess, startWorkerProcess } from '../support/worker-process.js';

const run = promisify(execFile);
const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const alerts = at('deploy/monitoring/alerts.yaml');

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

let debian: string | null;
let folder: string;
let dashboard: Dashboard;
beforeAll(async () => {
  debian = await debianPackages('prometheus');
  folder = await mkdtemp(join(tmpdir(), 'temporal-dms-metrics-'));
  dashboard = JSON.parse(await readFile(at('deploy/monitoring/dashboard.json'), 'utf8')) as Dashboard;
});
afterAll(() => rm(folder, { recursive: true }));

const namesIn = (text: string) => [...text.matchAll(/\bdms_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ''));

test('every metric is described, and the page describes no other', async () => {
  const sources = await Promise.all(
    ['src/workflows/metrics.ts', 'src/activities/runtime/metrics.ts'].map((path) => readFile(at(path), 'utf8')),
  );
  const made = [
    ...sources.join('\n').matchAll(/(?:create(?:Counter|Histogram|Gauge)|counter|seconds|time)\(\s*'(\w+)'/g),
  ].map(([, name]) => name);
  const page = await readFile(at('docs/metrics.md'), 'utf8');
  const described = [...page.matchAll(/^\| `(dms_\w+)`/gm)].map(([, name]) => name);
  expect(made.length).toBeGreaterThan(5);
  expect(described.toSorted()).toEqual([...new Set(made)].toSorted());
  const used = namesIn(JSON.stringify(dashboard.panels) + (await readFile(alerts, 'utf8')));
  for (const name of used) expect(made).toContain(name);
  // Every alert has a section that says what to do.
  for (const [, anchor] of (await readFile(alerts, 'utf8')).matchAll(/runbook: docs\/metrics\.md#(\w+)/g))
    expect(page.toLowerCase()).toContain(`### ${anchor}\n`);
});

/** Series as promtool takes them: `<series> <values>`, one value a minute. The first minute is Unix time 0. */
const toSeries = (lines: readonly string[]) =>
  lines.map((line) => {
    const [, series = '', values = ''] = /^(.*\}) (.*)$/.exec(line) ?? [];
    return { series, values };
  });

/** Lets promtool try the alert rules, which it evaluates every few minutes. Throws its findings. */
async function tryRules(promtool: string, tests: readonly object[], minutes = 1): Promise<void> {
  const file = join(folder, `${randomUUID()}.json`);
  await writeFile(file, JSON.stringify({ rule_files: [alerts], evaluation_interval: `${minutes}m`, tests }));
  const { stdout } = await run(promtool, ['test', 'rules', file]).catch((err: { stdout: string; stderr: string }) => {
    throw new Error(`${err.stdout}${err.stderr}`);
  });
  expect(stdout).toContain('SUCCESS');
}

/** Series that begin when a rare event happens, and what is expected ten minutes later. */
const rare = (alert: string, series: string, labels: Readonly<Record<string, string>>, summary: string) => ({
  alert,
  series,
  labels,
  summary,
});

test('each alert fires for what it is about, and none fires while all is well', async ({ skip }) => {
  if (debian === null) return skip('There is no apt-get, so the alert rules are not tried');
  const promtool = join(debian, 'usr/bin/promtool');
  await run(promtool, ['check', 'rules', alerts]);
  const well = [
    'dms_requests{account="1",region="eu-west-1",operation="describeReplication",result="ok"} 0+60x120',
    'dms_operations{kind="stop",outcome="stopped"} 0+1x120',
    'dms_operations{kind="resume",outcome="DmsReplicationSealed"} 0+1x120',
    'dms_records{intent="pause"} 0+1x120',
    'dms_records_archived{result="copied"} 0+1x120',
    'dms_deadline_warnings{hours_left="12"} 0+1x120',
    'dms_resume_by{replication="a"} 172800x120',
    'dms_archive_waiting_at{replication="a"} 0+60x120',
    'dms_archive_empty_at{replication="a"} 1+60x120',
    'dms_cutover_writes_stopped_at{cutover_id="a"} _ 60x120',
    'dms_cutover_writes_resumed_at{cutover_id="a"} _x4 200x120',
    'temporal_num_pollers{task_queue="temporal-dms",poller_type="workflow_task"} 2x120',
    'temporal_num_pollers{task_queue="temporal-dms",poller_type="activity_task"} 2x120',
  ];
  const cases = [
    rare(
      'DmsAccessDenied',
      'dms_requests{account="1",region="eu-west-1",operation="stopReplication",result="access-denied"} _x90 1x30',
      { severity: 'critical', account: '1', region: 'eu-west-1', operation: 'stopReplication' },
      'AWS denies the workers stopReplication in eu-west-1',
    ),
    rare(
      'DmsThrottled',
      'dms_requests{account="1",region="eu-west-1",operation="listReplications",result="throttled"} 0+60x120',
      { severity: 'warning', account: '1', region: 'eu-west-1' },
      'AWS throttles requests to DMS in eu-west-1',
    ),
    rare(
      'DmsBudgetSpent',
      'dms_requests{account="1",region="eu-west-1",operation="listReplications",result="ok"} 0+480x120',
      { severity: 'warning', account: '1', region: 'eu-west-1' },
      'The workers use nearly all requests that AWS grants in eu-west-1',
    ),
    rare(
      'DmsOperationFailed',
      'dms_operations{kind="stop",outcome="DmsStopTimedOut"} _x90 1x30',
      { severity: 'warning', kind: 'stop', outcome: 'DmsStopTimedOut' },
      'A stop failed with DmsStopTimedOut',
    ),
    rare(
      'DmsResumeDeadlineNear',
      'dms_resume_by{replication="b"} 17000x120',
      { severity: 'critical', replication: 'b' },
      'The paused replication b can be resumed for less than 3 h',
    ),
    rare(
      'DmsResumeWindowClosed',
      'dms_deadline_warnings{hours_left="0"} _x90 1x30',
      { severity: 'critical' },
      'The resume window of a paused replication has ended, and nobody has resumed it',
    ),
    rare(
      'DmsWritesStopped',
      'dms_cutover_writes_stopped_at{cutover_id="b"} _x80 4800x40',
      { severity: 'critical', cutover_id: 'b' },
      'The cutover b has stopped writes for ten minutes',
    ),
    rare(
      'DmsArchiveBehind',
      'dms_archive_waiting_at{replication="b"} _x20 1200+60x100',
      { severity: 'warning', replication: 'b' },
      'Records of b have waited for the archive for an hour',
    ),
  ];
  const names = [...cases.map(({ alert }) => alert), 'DmsWorkerMissing'];
  const anchors: Readonly<Record<string, string>> = { DmsBudgetSpent: 'dmsthrottled' };
  const alertOf = ({ alert, labels, summary }: (typeof cases)[number]) => ({
    exp_labels: labels,
    exp_annotations: { summary, runbook: `docs/metrics.md#${anchors[alert] ?? alert.toLowerCase()}` },
  });
  const tests = cases.map((each) => ({
    interval: '1m',
    input_series: toSeries([...well, each.series]),
    alert_rule_test: names.map((alertname) => ({
      eval_time: '110m',
      alertname,
      exp_alerts: alertname === each.alert ? [alertOf(each)] : [],
    })),
  }));
  await tryRules(promtool, tests);
});

/** Alert that fires, or not, at some minutes. */
interface Course {
  readonly series: readonly string[];
  readonly fires: readonly (readonly [minute: number, fires: boolean])[];
}

/** Tests that show an alert of one severity, with the same labels and summary each time. */
const courses = (
  alertname: string,
  labels: Readonly<Record<string, string>>,
  summary: string,
  all: readonly Course[],
) =>
  all.map(({ series, fires }) => ({
    interval: '1m',
    input_series: toSeries(series),
    alert_rule_test: fires.map(([minute, isFiring]) => ({
      eval_time: `${minute}m`,
      alertname,
      exp_alerts: isFiring
        ? [
            {
              exp_labels: labels,
              exp_annotations: { summary, runbook: `docs/metrics.md#${alertname.toLowerCase()}` },
            },
          ]
        : [],
    })),
  }));

test('the alert for stopped writes believes the newest worker, not one that has lost the cutover', async ({ skip }) => {
  if (debian === null) return skip('There is no apt-get, so the alert rules are not tried');
  const stopped = (instance: string, values: string) =>
    `dms_cutover_writes_stopped_at{cutover_id="c",instance="${instance}"} ${values}`;
  const resumed = (instance: string, values: string) =>
    `dms_cutover_writes_resumed_at{cutover_id="c",instance="${instance}"} ${values}`;
  const summary = 'The cutover c has stopped writes for ten minutes';
  await tryRules(
    join(debian, 'usr/bin/promtool'),
    courses('DmsWritesStopped', { severity: 'critical', cutover_id: 'c' }, summary, [
      // Worker a keeps its time for ever. Worker b reports later that writes go on.
      {
        series: [stopped('a', '_x10 600x190'), resumed('b', '_x35 2100x165')],
        fires: [
          [15, false],
          [30, true],
          [37, false],
          [200, false],
        ],
      },
      // Worker b has also ended since.
      {
        series: [stopped('a', '_x10 600x190'), resumed('b', '_x14 840x5 stale')],
        fires: [
          [30, false],
          [200, false],
        ],
      },
      // The only worker that knew ended while writes were stopped.
      {
        series: [stopped('a', '_x10 600x5 stale')],
        fires: [
          [30, true],
          [200, true],
        ],
      },
      // Writes stop once more, which another worker reports.
      {
        series: [stopped('a', '_x10 600x190'), resumed('a', '_x14 840x186'), stopped('b', '_x50 3000x150')],
        fires: [
          [45, false],
          [70, true],
        ],
      },
      // The last report is a day old.
      {
        series: [stopped('a', '_x10 600x1600')],
        fires: [
          [1400, true],
          [1500, false],
        ],
      },
    ]),
  );
});

test('the alert for the archive fires for one that is broken from the start, and ends when it recovers', async ({
  skip,
}) => {
  if (debian === null) return skip('There is no apt-get, so the alert rules are not tried');
  const waiting = (instance: string, values: string) =>
    `dms_archive_waiting_at{replication="orders",instance="${instance}"} ${values}`;
  const empty = (instance: string, values: string) =>
    `dms_archive_empty_at{replication="orders",instance="${instance}"} ${values}`;
  const summary = 'Records of orders have waited for the archive for an hour';
  await tryRules(
    join(debian, 'usr/bin/promtool'),
    courses('DmsArchiveBehind', { severity: 'warning', replication: 'orders' }, summary, [
      // Broken from the start: one record, and an attempt every minute on worker a, then on worker b.
      {
        series: [waiting('a', '_x10 600+60x190 11940x900'), waiting('b', '_x200 12000+60x900')],
        fires: [
          [60, false],
          [75, true],
          [195, true],
          [1000, true],
        ],
      },
      // Recovers after two hours, on another worker.
      {
        series: [waiting('a', '_x10 600+60x119 7740x900'), empty('b', '_x130 7800x900')],
        fires: [
          [120, true],
          [131, false],
          [900, false],
        ],
      },
      // Copies the record within a minute, again and again. The times are milliseconds apart.
      {
        series: [waiting('a', '0+60x600'), empty('a', '0.001+60x600')],
        fires: [
          [90, false],
          [590, false],
        ],
      },
      // Broken after months in which it worked.
      {
        series: [empty('a', '0.001x600'), waiting('a', '0x99 6000+60x500')],
        fires: [
          [90, false],
          [155, false],
          [165, true],
          [590, true],
        ],
      },
      // Lost its worker for good.
      {
        series: [waiting('a', '_x10 600x900')],
        fires: [
          [75, true],
          [360, true],
          [380, false],
        ],
      },
      // Is not configured.
      {
        series: ['dms_records{intent="pause"} 0+1x600', 'dms_operations{kind="stop",outcome="stopped"} 0+1x600'],
        fires: [[590, false]],
      },
    ]),
  );
});

test('the alert for a resume deadline follows the newest worker, and outlives those that end', async ({ skip }) => {
  if (debian === null) return skip('There is no apt-get, so the alert rules are not tried');
  const resumeBy = (instance: string, values: string) =>
    `dms_resume_by{replication="orders",instance="${instance}"} ${values}`;
  const ended = (instance: string, values: string) =>
    `dms_resume_by_ended{replication="orders",instance="${instance}"} ${values}`;
  const summary = 'The paused replication orders can be resumed for less than 3 h';
  const all = courses('DmsResumeDeadlineNear', { severity: 'critical', replication: 'orders' }, summary, [
    // Stopped at the 10th minute. The worker ends at once, and nobody resumes.
    {
      series: [resumeBy('a', '_x10 173400x3 stale')],
      fires: [
        [2700, false],
        [2715, true],
        [2885, true],
        [2895, false],
      ],
    },
    // Resumed two hours before the end, on another worker that then ends.
    {
      series: [resumeBy('a', '_x10 173400x2990'), ended('b', '_x2770 173400x5 stale')],
      fires: [
        [2765, true],
        [2775, false],
        [2885, false],
      ],
    },
    // Resumed early, and stopped again on a third worker.
    {
      series: [resumeBy('a', '_x10 173400x3390'), ended('b', '_x300 173400x3100'), resumeBy('c', '_x500 202800x2900')],
      fires: [
        [2750, false],
        [2885, false],
        [3195, false],
        [3205, true],
      ],
    },
  ]);
  await tryRules(join(debian, 'usr/bin/promtool'), all, 5);
});

test('the alert for missing workers counts neither foreign workers nor other task queues', async ({ skip }) => {
  if (debian === null) return skip('There is no apt-get, so the alert rules are not tried');
  const pollers = (taskQueue: string, type: string, values: string) =>
    `temporal_num_pollers{task_queue="${taskQueue}",poller_type="${type}",instance="${taskQueue}"} ${values}`;
  const both = (taskQueue: string, values: string) =>
    ['workflow_task', 'activity_task'].map((type) => pollers(taskQueue, type, values));
  const foreign = [...both('payments', '5x60'), ...both('temporal-dms-reports', '5x60')];
  const cases = [
    { type: 'workflow_task', own: [pollers('temporal-dms', 'activity_task', '5x60')], fires: [[10, true]] },
    { type: 'activity_task', own: [pollers('temporal-dms', 'workflow_task', '5x60')], fires: [[10, true]] },
    // The worker drains after half an hour.
    {
      type: 'activity_task',
      own: [pollers('temporal-dms', 'workflow_task', '5x60'), pollers('temporal-dms', 'activity_task', '5x30 0x30')],
      fires: [
        [30, false],
        [40, true],
      ],
    },
    // The worker ends after half an hour, and a new one begins.
    {
      type: 'workflow_task',
      own: [
        pollers('temporal-dms', 'activity_task', '5x60'),
        pollers('temporal-dms', 'workflow_task', '5x20 stale _x15 5x20'),
      ],
      fires: [
        [20, false],
        [30, true],
        [40, false],
      ],
    },
  ] as const;
  const tests = cases.flatMap(({ type, own, fires }) =>
    courses(
      'DmsWorkerMissing',
      { severity: 'critical', poller_type: type, task_queue: 'temporal-dms' },
      `No worker reports that it polls temporal-dms for tasks of the type ${type}`,
      [{ series: [...foreign, ...own], fires }],
    ),
  );
  await tryRules(join(debian, 'usr/bin/promtool'), tests);
});

/** Panels that show something once a replication was stopped and resumed, and another one was paused. */
const filled = [
  'Operations',
  'Duration of a stop, 95 %',
  'Requests to DMS',
  'Share of the request budget',
  'Records',
  'Waiting for a worker, 95 %',
  'Replications behind in the archive',
  'Paused replications by hours left',
  'Next ends of resume windows',
];

test('Prometheus scrapes a worker, and answers every query of the dashboard', async ({ skip }) => {
  if (debian === null) return skip('There is no apt-get, so the dashboard is not tried');
  const simulator = await startDmsSimulator(quick);
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const [metrics, port] = [await freePort(), await freePort()];
  const taskQueue = `metrics-${randomUUID()}`;
  const env = { TEMPORAL_DMS_METRICS: `prometheus://127.0.0.1:${metrics}` };
  const worker = startWorkerProcess(taskQueue, simulator, { env });
  const config = join(folder, 'prometheus.json');
  const scrape = [{ job_name: 'worker', static_configs: [{ targets: [`127.0.0.1:${metrics}`] }] }];
  await writeFile(
    config,
    JSON.stringify({ global: { scrape_interval: '1s' }, rule_files: [alerts], scrape_configs: scrape }),
  );
  const prometheus = spawn(
    join(debian, 'usr/bin/prometheus'),
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  try {
    const dms = new ReplicationClient({ client: new Client({ connection }), taskQueue });
    const replicationConfigArn = simulator.createReplication();
    await dms.stop({ replicationConfigArn, settleSeconds: 0, selfRestartGraceSeconds: 0 });
    await dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
    const query = async (expr: string) => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`;
      const answer = (await (await fetch(url)).json()) as {
        status: string;
        error?: string;
        data?: { result: object[] };
      };
      return { status: answer.status, error: answer.error, found: answer.data?.result.length ?? 0 };
    };
    const scraped = (expr: string) =>
      until(`Prometheus has ${expr}`, async () => (await query(expr).catch(() => null))?.found === 1);
    const paused = simulator.createReplication();
    await dms.stop({ replicationConfigArn: paused, settleSeconds: 0, selfRestartGraceSeconds: 0 });
    await scraped('sum(dms_operations{kind="stop",outcome="stopped"}) == 2');
    await scraped('sum(dms_operations{kind="resume",outcome="resumed"}) == 1');
    await scraped('sum(dms_records) == 2');
    for (const type of ['workflow_task', 'activity_task'])
      await scraped(`sum(temporal_num_pollers{poller_type="${type}",task_queue="${taskQueue}"}) > 0`);
    for (const { title, targets } of dashboard.panels)
      for (const { expr } of targets) expect([title, await query(expr)]).toMatchObject([title, { status: 'success' }]);
    for (const title of filled) {
      const { targets } = dashboard.panels.find((panel) => panel.title === title) ?? { targets: [] };
      const [{ expr }] = targets as [{ expr: string }];
      await until(`the panel "${title}" shows something`, async () => (await query(expr)).found > 0);
    }
    const rules = (await (await fetch(`http://127.0.0.1:${port}/api/v1/rules`)).json()) as {
      data: { groups: { rules: { health: string; name: string }[] }[] };
    };
    expect(rules.data.groups.flatMap((group) => group.rules).map(({ name }) => name)).toContain('DmsWritesStopped');
  } finally {
    prometheus.kill('SIGTERM');
    await Promise.all([once(prometheus, 'exit'), endProcess(worker, 'SIGTERM')]);
    await Promise.all([simulator.close(), connection.close()]);
  }
});

/** Worker in a process of its own, with an endpoint for its metrics. */
class ScrapedWorker implements AsyncDisposable {
  private constructor(
    private readonly port: number,
    private readonly worker: ReturnType<typeof startWorkerProcess>,
  ) {}

  static async start({ taskQueue, simulator }: Stage, env: Readonly<Record<string, string>> = {}) {
    const port = await freePort();
    const metrics = { TEMPORAL_DMS_METRICS: `prometheus://127.0.0.1:${port}` };
    return new ScrapedWorker(port, startWorkerProcess(taskQueue, simulator, { env: { ...metrics, ...env } }));
  }

  /** Returns the values of the series that contain all labels. */
  async values(name: string, labels: Readonly<Record<string, string>> = {}): Promise<readonly number[]> {
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return text.split('\n').flatMap((line) => {
      const [, found, tags = '', value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
      return found === name && wanted.every((each) => tags.includes(each)) ? [Number(value)] : [];
    });
  }

  /** Waits until the worker reports a series, and returns its greatest value. */
  reported(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return until(`the worker reports ${name} ${JSON.stringify(labels)}`, async () => {
      const values = await this.values(name, labels).catch(() => []);
      return values.length > 0 ? Math.max(...values) : null;
    });
  }

  async kill(): Promise<void> {
    await endProcess(this.worker, 'SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.worker, 'SIGTERM');
  }
}

test('a running worker reports an archive that takes nothing at first, and the resume window of a pause', async () => {
  await using db = await startDynamoDb();
  let isReadOnly = true;
  const guarded = createServer((asked, answer) => {
    const reply = async () => {
      const body = Buffer.concat((await asked.toArray()) as Buffer[]);
      const target = String(asked.headers['x-amz-target']);
      if (isReadOnly && target.endsWith('.PutItem')) {
        answer.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
        return answer.end(JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException', message: 'no' }));
      }
      const headers = { ...asked.headers } as Record<string, string>;
      for (const name of ['host', 'connection', 'content-length']) delete headers[name];
      const passed = await fetch(db.endpoint, { method: 'POST', headers, body });
      answer.writeHead(passed.status, { 'content-type': 'application/x-amz-json-1.0' });
      return answer.end(Buffer.from(await passed.arrayBuffer()));
    };
    void reply();
  });
  await using archive = await listen(guarded);
  await using stage = await Stage.set(quick);
  const table = 'read-only';
  await createArchiveTable(db.client, table);
  await using worker = await ScrapedWorker.start(stage, {
    TEMPORAL_DMS_ARCHIVE_TABLE: table,
    AWS_ENDPOINT_URL_DYNAMODB: archive.endpoint,
    AWS_REGION: 'eu-west-1',
  });
  const replicationConfigArn = stage.simulator.createReplication();
  const labels = { replication: replicationConfigArn };
  const { checkpoint } = await stage.dms.stop({
    replicationConfigArn,
    settleSeconds: 0,
    selfRestartGraceSeconds: 0,
    deadlineLeadSeconds: 48 * 3600,
  });
  expect(await worker.reported('dms_resume_by', labels)).toBe(Date.parse(checkpoint.resumeBy ?? '') / 1000);
  expect(await worker.reported('dms_deadline_warnings', { hours_left: '48' })).toBe(1);
  expect(await worker.values('dms_resume_by_ended', labels)).toEqual([]);
  const isRecent = (time: number) => Math.abs(time - Date.now() / 1000) < 120;
  expect(
    await worker.reported('dms_archive_waiting_at', { ...labels, workflowType: 'dmsReplicationLedger' }),
  ).toSatisfy(isRecent);
  const attempts = { ...labels, activityType: 'dms.archiveRecord' };
  const first = await worker.reported('dms_archive_waiting_at', attempts);
  expect(first).toSatisfy(isRecent);
  await until(
    'another attempt reports',
    async () => (await worker.reported('dms_archive_waiting_at', attempts)) > first,
  );
  expect(await worker.values('dms_archive_empty_at', labels)).toEqual([]);
  expect(await worker.values('dms_records_archived')).toEqual([]);

  isReadOnly = false;
  expect(await worker.reported('dms_records_archived', { result: 'copied' })).toBe(1);
  const emptyAt = await worker.reported('dms_archive_empty_at', labels);
  expect(emptyAt).toBeGreaterThan(await worker.reported('dms_archive_waiting_at', labels));

  await stage.dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
  expect(await worker.reported('dms_resume_by_ended', labels)).toBe(await worker.reported('dms_resume_by', labels));
});

test('a running worker reports a cutover, and a new worker when the cutover stopped writes', async () => {
  await using stage = await Stage.set(quick);
  const hookQueue = `${stage.taskQueue}-hooks`;
  await stage.work({ bare: true, foreign: sharedActivities }, hookQueue);
  const names = ['fence', 'unfence', 'isDrained', 'switchToTarget', 'whereIsTraffic'] as const;
  const hooks = Object.fromEntries(names.map((name) => [name, { ...cutoverHook(name), taskQueue: hookQueue }]));
  const input = cutoverInput(runningReplications(stage), { hooks: hooks as ReturnType<typeof cutoverInput>['hooks'] });
  const application = new Application();
  application.undrained = Infinity;
  application.serve(input.cutoverId);
  const labels = { cutover_id: input.cutoverId };
  let stoppedAt: number;
  {
    await using first = await ScrapedWorker.start(stage);
    const cutover = await stage.dms.startCutover(input);
    const status = await inPhase(cutover, 'draining');
    stoppedAt = await first.reported('dms_cutover_writes_stopped_at', labels);
    expect(stoppedAt).toBe(Date.parse(status.writesStoppedAt ?? '') / 1000);
    expect(await first.values('dms_cutover_writes_resumed_at', labels)).toEqual([]);
    expect(await first.reported('dms_cutover_phases', { phase: 'draining' })).toBe(1);
    await first.kill();
  }
  await using second = await ScrapedWorker.start(stage);
  expect(await second.reported('dms_cutover_writes_stopped_at', labels)).toBe(stoppedAt);
  // A replay counts nothing, so the new worker has not seen the phase begin.
  expect(await second.values('dms_cutover_phases', { phase: 'draining' })).toEqual([]);
  application.undrained = 0;
  expect(await stage.dms.cutover(input.cutoverId).result()).toMatchObject({ outcome: 'switched' });
  expect(await second.reported('dms_cutover_writes_resumed_at', labels)).toBeGreaterThan(stoppedAt);
  expect(await second.reported('dms_cutover_phases', { phase: 'done' })).toBe(1);
  expect(await second.reported('dms_cutover_writes_stopped_seconds_count', { outcome: 'switched' })).toBe(1);

  const other = {
    ...input,
    cutoverId: `${input.cutoverId}-cancelled`,
    replicationConfigArns: runningReplications(stage),
  };
  const undrained = new Application();
  undrained.undrained = Infinity;
  undrained.serve(other.cutoverId);
  const cancelled = await stage.dms.startCutover(other);
  await inPhase(cancelled, 'draining');
  await stage.client.workflow.getHandle(cancelled.workflowId).cancel();
  await expect(cancelled.result()).rejects.toThrow();
  expect(await second.reported('dms_cutover_writes_stopped_seconds_count', { outcome: 'returned' })).toBe(1);
});

/** Part of the protocol of OTLP that these tests read. */
const otlp = protobuf.parse(`
  syntax = "proto3";
  message Request { repeated Resource resource = 1; }
  message Resource { repeated Scope scope = 2; }
  message Scope { repeated Metric metric = 2; }
  message Metric { string name = 1; Points gauge = 5; Points sum = 7; }
  message Points { repeated Point point = 1; }
  message Point { repeated Attribute attribute = 7; double asDouble = 4; sfixed64 asInt = 6; }
  message Attribute { string key = 1; Value value = 2; }
  message Value { string string = 1; }
`);

interface OtlpPoint {
  readonly attribute?: readonly { readonly key: string; readonly value: { readonly string: string } }[];
  readonly asDouble?: number;
  readonly asInt?: string;
}
interface OtlpMetric {
  readonly name: string;
  readonly gauge?: { readonly point: readonly OtlpPoint[] };
  readonly sum?: { readonly point: readonly OtlpPoint[] };
}

test('a running worker sends its metrics to an OTLP collector', async () => {
  const newest = new Map<string, OtlpMetric>();
  const paths = new Set<string>();
  const server = createServer((request, answer) => {
    const read = async () => {
      const body = Buffer.concat((await request.toArray()) as Buffer[]);
      paths.add(`${request.method} ${request.url}`);
      const message = otlp.root.lookupType('Request').decode(body).toJSON();
      const { resource } = message as { resource: readonly { scope: readonly { metric: OtlpMetric[] }[] }[] };
      for (const metric of resource.flatMap(({ scope }) => scope).flatMap((scope) => scope.metric))
        newest.set(metric.name, metric);
      answer.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    };
    void read();
  });
  await using collector = await listen(server);
  await using stage = await Stage.set(quick);
  const env = { TEMPORAL_DMS_METRICS: `${collector.endpoint}/v1/metrics` };
  const worker = startWorkerProcess(stage.taskQueue, stage.simulator, { env });
  try {
    const replicationConfigArn = stage.simulator.createReplication();
    const { checkpoint } = await stage.dms.stop({ replicationConfigArn, settleSeconds: 0, selfRestartGraceSeconds: 0 });
    const point = await until('the collector has the stop', () => newest.get('dms_operations')?.sum?.point[0]);
    const labels = Object.fromEntries(point.attribute?.map(({ key, value }) => [key, value.string]) ?? []);
    expect(labels).toMatchObject({ kind: 'stop', outcome: 'stopped' });
    expect(Number(point.asInt)).toBe(1);
    const resumeBy = await until('the collector has the window', () => newest.get('dms_resume_by')?.gauge?.point[0]);
    expect(resumeBy.asDouble).toBe(Date.parse(checkpoint.resumeBy ?? '') / 1000);
    expect([...paths]).toEqual(['POST /v1/metrics']);
    expect([...newest.keys()].some((name) => name.startsWith('temporal_'))).toBe(true);
  } finally {
    await endProcess(worker, 'SIGTERM');
  }
});

test('a worker whose port for metrics is in use ends with a code other than 0', async () => {
  await using other = await listen(createServer());
  await using stage = await Stage.set(quick);
  const env = { TEMPORAL_DMS_METRICS: `prometheus://${new URL(other.endpoint).host}` };
  const worker = startWorkerProcess(stage.taskQueue, stage.simulator, { env });
  try {
    const [code] = (await once(worker, 'exit')) as [number | null];
    expect(code).toBe(1);
  } finally {
    await endProcess(worker, 'SIGKILL');
  }
});
