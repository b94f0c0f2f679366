// A plot as inline SVG: lines with marks over a plane that begins at 0. Colours are the page's (--plot-0 ...), and each
// series has a mark of its own shape, so that it is told apart without them.
const WIDTH = 720;
const HEIGHT = 340;
const LEFT = 76;
const RIGHT = 20;
const TOP = 16;
const BOTTOM = 52;
export const SERIES_MAX = 10;

export const escape = (text) => String(text).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
const short = (value) => (value >= 1e6 ? `${+(value / 1e6).toPrecision(3)} M` : value >= 1e3 ? `${+(value / 1e3).toPrecision(3)} k` : `${+value.toPrecision(3)}`);

// Round steps from 0 to beyond the largest value.
export function ticksUpTo(largest) {
  const rough = largest / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  return Array.from({ length: Math.ceil(largest / step - 1e-9) + 1 }, (_, i) => i * step);
}

const MARKS = [
  (x, y) => `<circle cx="${x}" cy="${y}" r="4.5"/>`,
  (x, y) => `<rect x="${x - 4}" y="${y - 4}" width="8" height="8"/>`,
  (x, y) => `<path d="M${x} ${y - 5.5}l5 9h-10z"/>`,
  (x, y) => `<path d="M${x} ${y - 5.5}l5.5 5.5-5.5 5.5-5.5-5.5z"/>`,
  (x, y) => `<path d="M${x} ${y + 5.5}l5-9h-10z"/>`,
  (x, y) => `<circle cx="${x}" cy="${y}" r="4" class="hollow"/>`,
  (x, y) => `<rect x="${x - 4}" y="${y - 4}" width="8" height="8" class="hollow"/>`,
  (x, y) => `<path d="M${x - 4} ${y - 4}l8 8m0-8l-8 8" class="hollow"/>`,
  (x, y) => `<path d="M${x - 5} ${y}h10m-5-5v10" class="hollow"/>`,
  (x, y) => `<path d="M${x} ${y - 5.5}l5 9h-10z" class="hollow"/>`,
];

// Text every so often only, so that no two lie on each other.
const apart = (ticks, at) => ticks.reduce((kept, tick) => (kept.length === 0 || at(tick) - at(kept.at(-1)) > 44 ? [...kept, tick] : kept), []);

// `series`: {name, points: [[x, y], ...]}; `logarithmic`: of the x-axis, whose ticks are then the values themselves.
export function plot({ title, xLabel, yLabel, logarithmic = false, series }) {
  if (series.length > SERIES_MAX) throw new Error(`${title}: ${series.length} series`);
  const xs = [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const yTicks = ticksUpTo(Math.max(...series.flatMap(({ points }) => points.map(([, y]) => y))));
  const xTicks = logarithmic ? xs : ticksUpTo(xs.at(-1));
  const scaled = (x) => (logarithmic ? Math.log2(x) : x);
  const [low, high] = [scaled(logarithmic ? xs[0] : 0), scaled(xTicks.at(-1))];
  const xOf = (x) => +(LEFT + 12 + (WIDTH - LEFT - RIGHT - 24) * (high > low ? (scaled(x) - low) / (high - low) : 0.5)).toFixed(1);
  const yOf = (y) => +(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (y / yTicks.at(-1))).toFixed(1);
  const parts = [
    ...yTicks.map((tick) => `<path class="grid" d="M${LEFT} ${yOf(tick)}H${WIDTH - RIGHT}"/><text x="${LEFT - 8}" y="${yOf(tick) + 4}" text-anchor="end">${short(tick)}</text>`),
    ...apart(xTicks, xOf).map((tick) => `<text x="${xOf(tick)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${short(tick)}</text>`),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escape(xLabel)}</text>`,
    `<text x="16" y="${(TOP + HEIGHT - BOTTOM) / 2}" text-anchor="middle" transform="rotate(-90 16 ${(TOP + HEIGHT - BOTTOM) / 2})">${escape(yLabel)}</text>`,
    ...series.map(({ name, points }, i) => {
      const sorted = [...points].sort(([a], [b]) => a - b);
      const marks = sorted.map(([x, y]) => `<g>${MARKS[i](xOf(x), yOf(y))}<title>${escape(`${name}: ${short(y)} at ${short(x)}`)}</title></g>`);
      const line = sorted.length > 1 ? `<path class="line" d="M${sorted.map(([x, y]) => `${xOf(x)} ${yOf(y)}`).join('L')}"/>` : '';
      return `<g class="series s${i}">${line}${marks.join('')}</g>`;
    }),
  ];
  const legend = series.map(({ name }, i) => `<li><svg width="16" height="16" class="series s${i}" aria-hidden="true">${MARKS[i](8, 8)}</svg>${escape(name)}</li>`);
  return `<figure><figcaption>${escape(title)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">
${parts.join('\n')}
</svg>
<ul class="legend">${legend.join('')}</ul></figure>`;
}
