/** One style sheet for screens, phones and paper, in light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --paper: #ffffff; --card: #f5f7f9;
  --line: #d5dbe1; --s0: #2f6fb7; --s1: #2e9e6b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaee; --soft: #9aa5b1; --paper: #14181d; --card: #1d232a; --line: #343c45;
    --s0: #6ba7ec; --s1: #57c795; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 54rem; padding: 1.5rem 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; }
.period, .note, footer { color: var(--soft); font-size: .875rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem; margin: 1.25rem 0 0; }
dl > div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; }
dt { color: var(--soft); font-size: .875rem; }
dd { margin: 0; }
dd.value { font-size: 1.35rem; font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9375rem; }
th, td { text-align: right; padding: .3rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { text-align: left; padding-left: 0; min-width: 9rem; }
th { color: var(--soft); font-weight: 600; }
td:not(:first-child) { white-space: nowrap; }
svg .zero { stroke: var(--soft); }
svg { width: 100%; height: auto; display: block; margin: .5rem 0; }
svg text { fill: var(--soft); font-size: 12px; }
.grid { stroke: var(--line); }
.s0 { fill: var(--s0); } .s1 { fill: var(--s1); }
.legend { color: var(--soft); font-size: .875rem; }
.key::before { content: ''; display: inline-block; width: .75em; height: .75em; margin: 0 .35em 0 .75em; }
.k0::before { background: var(--s0); } .k1::before { background: var(--s1); }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: .75rem; }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --paper: #fff; --card: #fff; --line: #bbb;
    --s0: #2f6fb7; --s1: #2e9e6b; }
  body { max-width: none; padding: 0; font-size: 11pt; }
  section, dl > div, tr { break-inside: avoid; }
  .s0, .s1, .key::before { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
