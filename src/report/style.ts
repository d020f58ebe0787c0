const LIGHT = `
  color-scheme: light;
  --ground: #ffffff; --raised: #f6f7f9; --line: #e1e4e8; --text: #1b1f24; --muted: #5c6670;
  --accent: #2f62c9; --on-accent: #ffffff; --bar: #c5d3f0;
  --blue: #4269d0; --violet: #a463f2;`;
const DARK = `
  color-scheme: dark;
  --ground: #12161b; --raised: #1a1f26; --line: #2d343d; --text: #e4e8ec; --muted: #9aa5b1;
  --accent: #7ba4f7; --on-accent: #0c1420; --bar: #2c4372;
  --blue: #7394ea; --violet: #b98af8;`;

/** Style sheet of the report. System fonts; colours as variables, which the charts use too. */
export const STYLE = `
:root {${LIGHT}
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --plot-background: var(--ground);
}
@media (prefers-color-scheme: dark) { :root {${DARK}} }
:root[data-theme="light"] {${LIGHT}}
:root[data-theme="dark"] {${DARK}}
* { box-sizing: border-box; }
html { scroll-padding-top: 4rem; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
header, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 clamp(1rem, 3vw, 2rem); }
header { padding-top: 2rem; }
h1 { font-size: 1.65rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; text-wrap: balance; }
h2 { font-size: 1.2rem; margin: 3rem 0 1rem; padding-bottom: .35rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0; }
p { margin: 0; }
a { color: var(--accent); }
#subtitle { color: var(--muted); overflow-wrap: anywhere; }
.bar {
  position: sticky; top: 0; z-index: 2; background: var(--ground); border-bottom: 1px solid var(--line);
  margin-top: 1rem;
}
.bar > div {
  max-width: 1180px; margin: 0 auto; padding: .5rem clamp(1rem, 3vw, 2rem);
  display: flex; gap: .5rem 1rem; align-items: center; justify-content: space-between;
}
nav { display: flex; gap: .25rem 1.1rem; overflow-x: auto; white-space: nowrap; scrollbar-width: none; }
nav a { text-decoration: none; padding: .2rem 0; }
nav a:hover { text-decoration: underline; }
button, input { font: inherit; color: inherit; }
button { cursor: pointer; }
#theme, .quiet {
  background: none; border: 1px solid var(--line); border-radius: 6px; padding: .15rem .7rem; white-space: nowrap;
  font-size: .87rem; color: var(--muted);
}
#theme:hover, .quiet:hover { color: var(--text); border-color: var(--muted); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.cards {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(11.5rem, 1fr)); gap: 1px; margin: 1.5rem 0 0;
  border: 1px solid var(--line); border-radius: 8px; overflow: hidden;
}
.card { background: var(--ground); padding: .7rem .9rem; box-shadow: 0 0 0 1px var(--line); }
.card dt { color: var(--muted); font-size: .82rem; }
.card dd { margin: 0; font-size: 1.45rem; line-height: 1.3; }
.card small { display: block; font-size: .78rem; line-height: 1.5; color: var(--muted); }
.figures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 2.2rem 2.5rem; }
figure { margin: 0; min-width: 0; grid-column: 1 / -1; }
figure.half { grid-column: auto; }
figcaption { margin-bottom: .9rem; }
figcaption p { color: var(--muted); font-size: .89rem; max-width: 95ch; }
.key { font-size: .82rem; margin-bottom: .4rem; }
.sample { display: inline-block; width: 1.1rem; height: .7rem; border-radius: 2px; margin: 0 .4rem 0 0; }
.sample.light { background: var(--bar); }
.sample.strong { background: var(--accent); margin-left: 1.1rem; }
.chart { min-height: 2rem; overflow: hidden; }
.chart figure { margin: 0; }
.chart [class*="-swatches"] { font-family: inherit; font-size: .82rem; margin-bottom: .6rem; }
.chart svg { display: block; max-width: 100%; height: auto; }
.empty, .nothing { color: var(--muted); }
.nothing { margin: 2rem 0; font-size: 1.05rem; }
.behind { margin-top: .6rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: .25rem; }
.behind > .table + details { margin-top: .4rem; }
summary { cursor: pointer; color: var(--muted); font-size: .85rem; width: fit-content; }
summary:hover { color: var(--text); }
pre {
  margin: .4rem 0; padding: .8rem 1rem; background: var(--raised); border-radius: 6px; overflow-x: auto;
  font: .8rem/1.5 var(--mono);
}
.tools { display: flex; gap: .8rem; align-items: center; justify-content: space-between; margin: .5rem 0 .35rem; }
.tools input {
  background: var(--ground); border: 1px solid var(--line); border-radius: 6px; padding: .2rem .6rem;
  width: min(16rem, 60%); font-size: .87rem;
}
.status { color: var(--muted); font-size: .82rem; margin-left: auto; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
.table .quiet { margin-top: .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .83rem; }
th, td { padding: .32rem .6rem; text-align: left; vertical-align: top; }
th { background: var(--raised); padding: 0; }
th button {
  all: unset; box-sizing: border-box; cursor: pointer; width: 100%; padding: .4rem .6rem; font-weight: 600;
  white-space: nowrap;
}
th button:hover { color: var(--accent); }
th button:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
th.number button { text-align: right; }
th[aria-sort="ascending"] button::before { content: "\\2191 "; }
th[aria-sort="descending"] button::before { content: "\\2193 "; }
tbody tr { border-top: 1px solid var(--line); }
tbody tr:hover { background: var(--raised); }
.number { text-align: right; white-space: nowrap; }
.time { white-space: nowrap; }
td.code { font-family: var(--mono); font-size: .8rem; white-space: nowrap; }
td.text { max-width: 24rem; overflow-wrap: break-word; }
td.long { min-width: 11rem; }
footer { margin-top: 3.5rem; padding-top: 1rem; padding-bottom: 2.5rem; color: var(--muted); font-size: .83rem; }
footer pre { white-space: pre-wrap; max-height: 20rem; overflow: auto; }
.unseen {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
@media (max-width: 760px) {
  .figures { grid-template-columns: minmax(0, 1fr); }
  header { padding-top: 1.2rem; }
  h1 { font-size: 1.35rem; }
  .cards { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .card dd { font-size: 1.2rem; }
}
@media print {
  :root, :root[data-theme] {${LIGHT}}
  @page { size: A4; margin: 14mm; }
  body { font-size: 10.5pt; }
  header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
  .bar, .tools, .quiet, .behind > details, footer details { display: none; }
  .figures { display: block; }
  figure { break-inside: avoid; margin-bottom: 1.6rem; }
  figure:has(.behind > .table) { break-inside: auto; }
  h2 { margin-top: 1.6rem; }
  h2, figcaption { break-after: avoid; }
  tr { break-inside: avoid; }
  .scroll { overflow: visible; border: 0; }
  /* A repeated head comes out empty. */
  thead { display: table-row-group; }
  table { font-size: 6.6pt; }
  th, td, th button { padding: .15rem .3rem; white-space: normal; }
  td.code { font-size: 6pt; }
  td.time { white-space: nowrap; }
  td.text { max-width: none; min-width: 0; overflow-wrap: anywhere; }
}
`;
