import type { CutoverResult, CutoverTimelineEntry } from '../contract/cutover.js';
import type { CutoverPhase } from '../contract/cutover-hooks.js';

/** Phase of a cutover, with its beginning and its end. */
interface Span {
  readonly phase: CutoverPhase;
  readonly from: number;
  readonly to: number;
}

/** Phases in which the cutover has ended. */
const ended: ReadonlySet<CutoverPhase> = new Set(['done', 'returned', 'planned']);
/** Phases that wait for a person. */
const asking: ReadonlySet<CutoverPhase> = new Set(['waiting-for-approval', 'switch-unknown', 'return-failed']);

const [LEFT, RIGHT, ROW, TOP] = [190, 730, 24, 64];

/** Pictures of a cutover. */
export interface RenderedCutover {
  /** Gantt chart for Mermaid, such as for a Markdown page. */
  readonly mermaid: string;
  /** SVG picture that needs nothing else. */
  readonly svg: string;
}

/** Draws the timeline of a cutover that has ended: each phase, how long it took, and how long writes were stopped. */
export function renderCutover(
  result: Pick<CutoverResult, 'timeline' | 'outcome' | 'writesStoppedSeconds'>,
): RenderedCutover {
  const spans = spansOf(result.timeline);
  return { mermaid: mermaidOf(result, spans), svg: svgOf(result, spans) };
}

/** Returns one span for each stay in a phase, in order. */
function spansOf(timeline: readonly CutoverTimelineEntry[]): readonly Span[] {
  const spans: Span[] = [];
  for (const { at, phase } of timeline) {
    const now = Date.parse(at);
    const last = spans.at(-1);
    if (last?.phase === phase) spans[spans.length - 1] = { ...last, to: now };
    else {
      if (last !== undefined) spans[spans.length - 1] = { ...last, to: now };
      spans.push({ phase, from: now, to: now });
    }
  }
  return spans.filter(({ phase }) => !ended.has(phase));
}

/** Returns the position of the last fence. -1: the cutover has not fenced. */
function findLastFence(spans: readonly Span[]): number {
  return spans.findLastIndex(({ phase }) => phase === 'fencing');
}

/**
 * Draws the phases from `fencing` on. Earlier phases may take days, so each is a milestone at the beginning of the fence,
 * with its length.
 */
function mermaidOf({ outcome }: Pick<CutoverResult, 'outcome'>, spans: readonly Span[]): string {
  const fence = findLastFence(spans);
  const fencedAt = spans[fence]?.from ?? 0;
  const rows = spans.map(({ phase, from, to }, n) => {
    const isBeforeFence = n < fence;
    const tags = [...(asking.has(phase) ? ['crit'] : []), ...(isBeforeFence ? ['milestone'] : [])];
    const [begin, end] = isBeforeFence ? [fencedAt, fencedAt + 1] : [from, Math.max(to, from + 1)];
    return `  ${phase} (${formatSeconds(to - from)}) :${[...tags, begin, end].join(', ')}`;
  });
  return ['gantt', `  title Cutover: ${outcome}`, '  dateFormat x', '  axisFormat %H:%M:%S', ...rows, ''].join('\n');
}

/**
 * Draws the phases to scale, beginning with `fencing`. Earlier phases may take days, so they have a length but no bar.
 */
function svgOf(
  { outcome, writesStoppedSeconds }: Pick<CutoverResult, 'outcome' | 'writesStoppedSeconds'>,
  spans: readonly Span[],
): string {
  const fence = findLastFence(spans);
  const scaled = spans.slice(Math.max(0, fence));
  const [from, to] = [scaled[0]?.from ?? 0, Math.max(scaled.at(-1)?.to ?? 1, (scaled[0]?.from ?? 0) + 1)];
  const x = (time: number) => LEFT + ((time - from) / (to - from)) * (RIGHT - LEFT);
  const height = TOP + spans.length * ROW + 16;
  const rows = spans.map((span, n) => {
    const y = TOP + n * ROW;
    const text = `<text x="${LEFT - 10}" y="${y + 12}" text-anchor="end">${span.phase}</text>`;
    const length = formatSeconds(span.to - span.from);
    if (n < fence) return `${text}<text x="${LEFT}" y="${y + 12}" class="quiet">${length}</text>`;
    const [left, right] = [x(span.from), x(span.to)];
    const width = Math.max(2, right - left);
    // The length stands behind its bar, or where there is room: in the bar, or before it.
    const place = right + 60 <= RIGHT ? 'behind' : width > 60 ? 'within' : 'before';
    const at = { behind: right + 6, within: right - 6, before: left - 6 }[place];
    const anchor = place === 'behind' ? '' : ' text-anchor="end"';
    const bar = asking.has(span.phase) ? 'asks' : 'bar';
    const box = `<rect x="${left.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="16" rx="2" class="${bar}"/>`;
    return `${text}${box}<text x="${at.toFixed(1)}" y="${y + 12}" class="${place === 'within' ? 'white' : 'quiet'}"${anchor}>${length}</text>`;
  });
  const stopped =
    writesStoppedSeconds === null ? '' : `, writes stopped for ${formatSeconds(writesStoppedSeconds * 1000)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 ${height}" width="800" height="${height}" role="img">`,
    `<title>Timeline of a cutover: ${outcome}${stopped}</title>`,
    '<style>text{font:12px system-ui,sans-serif;fill:#1f2937}.quiet{fill:#6b7280}.white{fill:#fff}.bar{fill:#2563eb}.asks{fill:#d97706}.head{font-size:16px;font-weight:600}</style>',
    `<rect width="800" height="${height}" fill="#fff"/>`,
    `<text x="20" y="28" class="head">Cutover: ${outcome}${stopped}</text>`,
    `<text x="20" y="48" class="quiet">Bars are to scale from the fence on.</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

function formatSeconds(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
