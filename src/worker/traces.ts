/** Traces of workflows and activities, by Temporal's OpenTelemetry interceptors. Loaded only for workers that use them. */
import { createRequire } from 'node:module';
import type { WorkerOptions } from '@temporalio/worker';

/** Parts of a worker that make traces. */
export interface Traces extends Required<Pick<WorkerOptions, 'interceptors' | 'sinks'>> {
  /** Sends what has not been sent yet. */
  readonly close: () => Promise<void>;
}

/** Opens an exporter of traces. `url`: OTLP over HTTP, such as `http://collector:4318/v1/traces`. `null`: no traces. */
export async function openTraces(url: string | null, serviceName = 'temporal-dms'): Promise<Traces | null> {
  if (url === null) return null;
  const [
    { OpenTelemetryActivityInboundInterceptor, OpenTelemetryActivityOutboundInterceptor, makeWorkflowExporter },
    { BatchSpanProcessor, NodeTracerProvider },
    { Resource },
    { OTLPTraceExporter },
  ] = await Promise.all([
    import('@temporalio/interceptors-opentelemetry'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const resource = new Resource({ 'service.name': serviceName });
  const processor = new BatchSpanProcessor(new OTLPTraceExporter({ url }));
  const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] });
  // An attempt finds its workflow's span only through the global context.
  provider.register();
  const tracer = provider.getTracer('temporal-dms');
  return {
    interceptors: {
      workflowModules: [
        createRequire(import.meta.url).resolve('@temporalio/interceptors-opentelemetry/lib/workflow-interceptors'),
      ],
      activity: [
        (context) => ({
          inbound: new OpenTelemetryActivityInboundInterceptor(context, { tracer }),
          outbound: new OpenTelemetryActivityOutboundInterceptor(context),
        }),
      ],
    },
    sinks: { exporter: makeWorkflowExporter(processor, resource) as NonNullable<WorkerOptions['sinks']>[string] },
    close: () => provider.shutdown(),
  };
}
