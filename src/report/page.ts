import { createHash } from 'node:crypto';
import type { ReportData } from './data.js';
import { chartLibraries } from './libraries.js';
import { pageScript } from './page-script.js';
import { STYLE } from './style.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML, also inside of a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

/** JSON that can stand in a script element: nothing in it ends the element or begins a comment. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

const hashOf = (script: string) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

/**
 * The report as one page that needs nothing else. It may run its own scripts, told by their hashes, and nothing that a
 * capture brings; and it may not reach any network.
 */
export function reportPage(data: ReportData): string {
  const libraries = chartLibraries();
  const scripts = libraries.map((library) => library.script);
  const page = pageScript();
  const policy = [
    "default-src 'none'",
    `script-src ${[...scripts, page].map(hashOf).join(' ')}`,
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const licences = libraries.map(
    (l) => `<p>${escapeHtml(l.name)} ${escapeHtml(l.version)}</p><pre>${escapeHtml(l.licence)}</pre>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="tlsfp ${escapeHtml(data.version)}">
<title>${escapeHtml(data.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>${escapeHtml(data.title)}</h1><p id="subtitle"></p></header>
<div class="bar"><div><nav id="nav" aria-label="Sections"></nav><button id="theme" type="button" hidden></button></div></div>
<main id="main"><noscript><p class="nothing">This page draws its charts and tables with its own script: allow scripts to see them. It reaches no network.</p></noscript></main>
<footer>
<p>tlsfp ${escapeHtml(data.version)}. Times are UTC. Charts: ${libraries.map((l) => `${escapeHtml(l.name)} ${escapeHtml(l.version)}`).join(', ')}.</p>
<details><summary>Licences</summary>${licences.join('')}</details>
</footer>
<script type="application/json" id="report">${scriptJson(data)}</script>
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
<script type="module">${page}</script>
</body>
</html>
`;
}
