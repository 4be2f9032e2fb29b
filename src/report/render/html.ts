import type { Fact, ReportView, Section, ViewTable } from '../view/types.js';
import { chartSvg } from './html-chart.js';
import { STYLE } from './html-style.js';
import { html } from './html-text.js';

/** Nothing is loaded from anywhere, and nothing runs. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** The view as one self-contained HTML file. */
export function renderHtml(view: ReportView): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${html(view.title)}, ${html(view.period)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${html(view.title)}</h1>
<p class="period">${html(view.period)}</p>
<dl>
${view.facts.map(factHtml).join('\n')}
</dl>
</header>
<main>
${view.sections.map(sectionHtml).join('\n')}
</main>
<footer>
${view.notes.map((note) => `<p>${html(note)}</p>`).join('\n')}
</footer>
</body>
</html>
`;
}

function factHtml({ label, value, note }: Fact): string {
  const more = note === undefined || note === '' ? '' : `<dd class="note">${html(note)}</dd>`;
  return `<div><dt>${html(label)}</dt><dd class="value">${html(value)}</dd>${more}</div>`;
}

function sectionHtml({ title, text, chart, table, items }: Section): string {
  const parts = ['<section>', `<h2>${html(title)}</h2>`];
  if (text !== undefined) parts.push(`<p class="note">${html(text)}</p>`);
  if (chart !== undefined) parts.push(chartSvg(chart, title));
  if (table !== undefined) parts.push(tableHtml(table));
  if (items !== undefined) parts.push(`<ul>${items.map((item) => `<li>${html(item)}</li>`).join('')}</ul>`);
  parts.push('</section>');
  return parts.join('\n');
}

function tableHtml({ titles, rows }: ViewTable): string {
  const head = titles.map((title) => `<th scope="col">${html(title)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${html(cell)}</td>`).join('')}</tr>`);
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>
${body.join('\n')}
</tbody></table></div>`;
}
