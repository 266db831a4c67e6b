'use strict';

const WIDTH = 880;
const ROW = 26;
const TOP = 64;
const LABELS = 200;
const PANEL = 300;
const GAP = 34;
const COLORS = { text: '#57606a', bar: '#2da44e', line: '#8c959f' };

/**
 * Two panels of bars by workload, of the newest Mongoose: throughput and main-thread time, both as "times better than
 * the official driver", on logarithmic scales whose left edge is "the same".
 */
function drawChart({ versions: [{ version, workloads }] }) {
  const height = TOP + workloads.length * ROW + 16;
  const panels = [
    { key: 'throughput', title: 'throughput, times higher (log)', x: LABELS },
    { key: 'mainThread', title: 'main-thread time, times lower (log)', x: LABELS + PANEL + GAP },
  ];
  const bars = panels.flatMap(({ key, title, x }) => {
    const scale = PANEL / Math.log2(2 * Math.max(...workloads.map((row) => row[key])));
    return [
      text(x, TOP - 16, title, 'font-weight="600"'),
      `<line x1="${x}" y1="${TOP - 6}" x2="${x}" y2="${height - 12}" stroke="${COLORS.line}"/>`,
      ...workloads.map((row, i) => bar(x, TOP + i * ROW, Math.log2(Math.max(row[key], 1)) * scale, row[key])),
    ];
  });
  const labels = workloads.map(({ name }, i) =>
    text(LABELS - 10, TOP + i * ROW + 14, name, 'text-anchor="end"'),
  );
  const title = `polymongo against Mongoose ${version} on the official driver`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`,
    ` font-family="system-ui, sans-serif" font-size="13" fill="${COLORS.text}" role="img" aria-label="${title}">\n`,
    [text(10, 22, title, 'font-size="15" font-weight="600"'), ...labels, ...bars].join('\n'),
    '\n</svg>\n',
  ].join('');
}

function bar(x, y, width, ratio) {
  const length = Math.max(width, 1).toFixed(1);
  return [
    `<rect x="${x}" y="${y}" width="${length}" height="${ROW - 8}" rx="2" fill="${COLORS.bar}"/>`,
    text(x + Number(length) + 6, y + 14, `${ratio.toFixed(ratio < 10 ? 1 : 0)} ×`),
  ].join('');
}

function text(x, y, content, attributes = '') {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped}</text>`;
}

module.exports = { drawChart };
