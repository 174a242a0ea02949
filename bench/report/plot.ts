import { ROLES, type Role } from '../contenders/contender.js';
import { METRICS } from '../metrics.js';
import type { Results, RowResult } from './result.js';

/** What the plot shows, for those who do not see it. */
export const PLOT_TITLE = 'How many times better than Pushpin each of them is, for each kind of work';

const COLORS: Readonly<Record<Role, string>> = {
  'P-8': '#d1242f',
  Pushpin: '#6e7781',
  nginx: '#1a7f37',
  'bare Node': '#0969da',
};

const WIDTH = 960;
const LEFT = 500;
const RIGHT = 30;
const TOP = 56;
const LINE = 26;

/** How many times better somebody is than Pushpin, by who it is. */
type Advantages = Partial<Record<Role, number>>;

/** Draws for each row how many times better than Pushpin everybody is, on a logarithmic scale. */
export function toPlot({ rows }: Results): string {
  const lines = rows
    .map((row) => ({ title: row.title.replaceAll('`', ''), advantages: advantagesIn(row) }))
    .filter(({ advantages }) => Object.keys(advantages).length > 1);
  const all = lines.flatMap(({ advantages }) => Object.values(advantages));
  const low = Math.floor(Math.log10(Math.min(0.5, ...all)) * 2) / 2;
  const high = Math.ceil(Math.log10(Math.max(10, ...all)) * 2) / 2;
  const x = (value: number): number =>
    Math.round(LEFT + ((Math.log10(value) - low) / (high - low)) * (WIDTH - LEFT - RIGHT));
  const height = TOP + lines.length * LINE + 16;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${PLOT_TITLE}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    legend(),
    ...TICKS.filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high).map((tick) =>
      grid(tick, x(tick), height),
    ),
    ...lines.map((line, index) => drawLine(line.title, line.advantages, TOP + (index + 0.5) * LINE, x)),
    '</svg>',
    '',
  ].join('\n');
}

const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200];

function advantagesIn({ main, contenders }: RowResult): Advantages {
  const theirs = contenders.Pushpin?.medians[main];
  const advantages: Advantages = {};
  if (!theirs) return advantages;
  for (const role of ROLES) {
    const value = contenders[role]?.medians[main];
    if (!value || value <= 0) continue;
    advantages[role] = METRICS[main].better === 'more' ? value / theirs : theirs / value;
  }
  return advantages;
}

function legend(): string {
  const parts = ROLES.map(
    (role, index) =>
      `<circle cx="${LEFT + index * 100}" cy="14" r="5" fill="${COLORS[role]}"/>` +
      `<text x="${LEFT + 9 + index * 100}" y="18">${role}</text>`,
  );
  return `<text x="10" y="18" font-weight="600">times as good as Pushpin</text>${parts.join('')}`;
}

function grid(tick: number, x: number, height: number): string {
  const color = tick === 1 ? '#6e7781' : '#d8dee4';
  return (
    `<line x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${height - 12}" stroke="${color}"/>` +
    `<text x="${x}" y="${TOP - 14}" text-anchor="middle" fill="#57606a">${tick}</text>`
  );
}

function drawLine(title: string, advantages: Advantages, y: number, x: (value: number) => number): string {
  const dots = ROLES.toReversed().map((role) => {
    const value = advantages[role];
    return value === undefined
      ? ''
      : `<circle cx="${x(value)}" cy="${y}" r="6" fill="${COLORS[role]}"><title>${role}: ${value.toFixed(2)}</title></circle>`;
  });
  return (
    `<text x="${LEFT - 16}" y="${y + 4}" text-anchor="end">${escapeText(title)}</text>` +
    `<line x1="${LEFT}" y1="${y}" x2="${WIDTH - RIGHT}" y2="${y}" stroke="#eaeef2"/>${dots.join('')}`
  );
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
