/** Output of the demo: colours, and a last line that ticks. */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** Longest silence on an output that is no terminal. After that, the ticking line is printed as an ordinary line. */
const SILENCE_MS = 1900;

const isTerminal = process.stdout.isTTY;
const hasColours =
  process.env['FORCE_COLOR'] !== undefined ||
  (isTerminal && process.env['NO_COLOR'] === undefined && process.stdout.hasColors());
let ticking: { readonly line: () => string; readonly begunAt: number } | null = null;
let printedAt = 0;
let frame = 0;

/** Colours a text where the output shows colours. */
export function paint(style: Style, text: string): string {
  return hasColours ? styleText(style, text) : text;
}

/** Prints a line above the ticking one. */
export function say(text = ''): void {
  process.stdout.write(`${isTerminal ? '\r\u001B[K' : ''}${text}\n`);
  printedAt = Date.now();
  draw();
}

/** Shows a line with the seconds since now, until the work is done. */
export async function whileTicking<T>(line: () => string, work: Promise<T>): Promise<T> {
  ticking = { line, begunAt: Date.now() };
  printedAt = Date.now();
  const timer = setInterval(draw, FRAME_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    endTicking();
  }
}

/** Removes the ticking line. */
export function endTicking(): void {
  ticking = null;
  if (isTerminal) process.stdout.write('\r\u001B[K');
}

function draw(): void {
  if (ticking === null) return;
  const seconds = Math.round((Date.now() - ticking.begunAt) / 1000);
  const text = `${ticking.line()} (${seconds} s)`;
  if (isTerminal) {
    const shown = `  ${FRAMES[frame++ % FRAMES.length]} ${text}`.slice(0, process.stdout.columns - 1);
    process.stdout.write(`\r\u001B[K${paint('cyan', shown)}`);
  } else if (Date.now() - printedAt >= SILENCE_MS) {
    process.stdout.write(`  ${text}\n`);
    printedAt = Date.now();
  }
}
