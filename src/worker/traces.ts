/** Traces of workflows and activities, by Temporal's OpenTelemetry interceptors. Loaded only for workers that use them. */
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { problemOf } from '../program.js';
import { inTime } from '../watch/index.js';
import { log } from './log.js';

/** Longest time to send the last spans. A shutdown must not wait for a collector that is down. */
const FLUSH_SECONDS = 3;

/** Parts of a worker that make traces. */
export interface Traces extends Required<Pick<WorkerOptions, 'interceptors' | 'sinks'>> {
  /** Sends what has not been sent yet. A failure is logged. */
  readonly close: () => Promise<void>;
}

/** Opens an exporter of traces. `url`: OTLP over HTTP, such as `http://collector:4318/v1/traces`. `null`: no traces. */
export async function openTraces(url: string | null, serviceName = 'temporal-dms'): Promise<Traces | null> {
  if (url === null) return null;
  const [
    { diag, DiagLogLevel },
    { OpenTelemetryActivityInboundInterceptor, OpenTelemetryActivityOutboundInterceptor, makeWorkflowExporter },
    { BatchSpanProcessor, NodeTracerProvider },
    { Resource },
    { OTLPTraceExporter },
  ] = await Promise.all([
    import('@opentelemetry/api'),
    import('@temporalio/interceptors-opentelemetry'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const say = (message: string) => log('traces', { problem: message });
  const silent = () => {};
  const logger = { error: say, warn: say, info: silent, debug: silent, verbose: silent };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const resource = new Resource({ 'service.name': serviceName });
  const processor = new BatchSpanProcessor(new OTLPTraceExporter({ url }));
  const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] });
  // An attempt finds its workflow's span only through the global context.
  provider.register();
  const tracer = provider.getTracer('temporal-dms');
  return {
    interceptors: {
      workflowModules: [fileURLToPath(new URL('traced-workflows.js', import.meta.url))],
      activity: [
        (context) => ({
          inbound: new OpenTelemetryActivityInboundInterceptor(context, { tracer }),
          outbound: new OpenTelemetryActivityOutboundInterceptor(context),
        }),
      ],
    },
    sinks: { exporter: makeWorkflowExporter(processor, resource) as NonNullable<WorkerOptions['sinks']>[string] },
    close: async () => {
      try {
        await inTime(FLUSH_SECONDS, () => provider.shutdown());
      } catch (err) {
        say(`The last spans could not be sent to ${url}: ${problemOf(err)}`);
      }
    },
  };
}
