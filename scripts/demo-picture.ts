/** `npm run demo:picture`: runs the demo, and draws what it prints as `docs/images/demo.svg`. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const TARGET = 'docs/images/demo.svg';
const WIDTH = 108;
const FONT_PX = 13;
const [COLUMN_PX, LINE_PX, MARGIN_PX] = [FONT_PX * 0.602, FONT_PX * 1.45, 16];
const STYLE_CODE = new RegExp(`${String.fromCodePoint(27)}\\[(\\d+)m`);
/** Attributes for the codes that `styleText` writes. */
const STYLES: Readonly<Record<string, string>> = {
  1: 'font-weight="bold"',
  2: 'opacity="0.6"',
  4: 'text-decoration="underline"',
  31: 'fill="#f47067"',
  32: 'fill="#57ab5a"',
  33: 'fill="#daaa3f"',
};

const { stdout, status } = spawnSync('npx', ['tsx', 'scripts/demo.ts', '--build'], {
  encoding: 'utf8',
  env: { ...process.env, FORCE_COLOR: '1' },
});
if (status !== 0) throw new Error(`The demo ended with ${status}:\n${stdout}`);

// Keeps one ticking line: the one after the kill.
const ticks = /^ {2}\S.* \(\d+ s\)$/;
const lines = stdout.trimEnd().split('\n');
const shown = lines.filter((line, n) => !ticks.test(line) || lines[n - 2]?.includes('is killed'));
writeFileSync(TARGET, picture(shown));
process.stdout.write(`${TARGET}: ${shown.length} lines\n`);

function picture(texts: readonly string[]): string {
  const height = Math.ceil(texts.length * LINE_PX + 2 * MARGIN_PX);
  const width = Math.ceil(WIDTH * COLUMN_PX + 2 * MARGIN_PX);
  const rows = texts.map((text, n) => {
    const y = (MARGIN_PX + (n + 0.8) * LINE_PX).toFixed(1);
    return `  <text x="${MARGIN_PX}" y="${y}">${spans(text)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img" aria-label="Output of npm run demo">`,
    '  <rect width="100%" height="100%" rx="8" fill="#22272e"/>',
    `  <g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_PX}" fill="#adbac7">`,
    ...rows,
    '  </g>',
    '</svg>',
    '',
  ].join('\n');
}

/** Turns the escape codes of a line into styled spans, and cuts the line to the width of the picture. */
function spans(text: string): string {
  let left = WIDTH;
  let style = '';
  let drawn = '';
  for (const [n, part] of text.split(STYLE_CODE).entries()) {
    if (n % 2 === 1) {
      style = STYLES[part] ?? '';
      continue;
    }
    const kept = part.length > left ? `${part.slice(0, left - 1)}…` : part;
    left -= kept.length;
    if (kept !== '') drawn += style === '' ? escaped(kept) : `<tspan ${style}>${escaped(kept)}</tspan>`;
    if (left <= 0) break;
  }
  return drawn;
}

function escaped(text: string): string {
  // SVG draws several plain spaces as one.
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll(' ', '\u00A0');
}
