import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ReportData } from '../../src/report/data.js';
import { escapeHtml, reportPage, scriptJson } from '../../src/report/page.js';
import { dataOf, HOSTILE, replaceHellos } from './support.js';

/** The parts of a page, as HTML takes it apart: a script ends at the first end tag, whatever it holds. */
function scriptsOf(page: string): { attributes: string; text: string }[] {
  return [...page.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)].map((match) => ({
    attributes: match[1]!,
    text: match[2]!,
  }));
}

let data: ReportData;
let page: string;
beforeAll(async () => {
  data = await dataOf('fixtures/captures/curl-7.88-openssl-3.0.pcap', async (session) => {
    const name = HOSTILE.replaceAll("'", "''");
    await replaceHellos(session, `SELECT * REPLACE ('${name}' AS sni) FROM client_hellos`);
    await session.connection.run(
      `INSERT INTO labels SELECT 'ja4', ja4, '${name}', null, null, null FROM replaced`,
    );
  });
  page = reportPage(data);
});

describe('the page of a report', () => {
  test('holds the data as it is, and no tag of it', () => {
    expect(page).not.toContain('<img');
    expect(page.match(/<!--/g)).toBeNull();
    const [json, ...scripts] = scriptsOf(page);
    expect(json?.attributes).toBe(' type="application/json" id="report"');
    expect(JSON.parse(json!.text)).toEqual(data);
    expect(JSON.stringify(data.figures)).toContain(JSON.stringify(HOSTILE).slice(1, -1));
    expect(scripts).toHaveLength(3);
    expect(page).toContain('<title>T &amp; &lt;b&gt;</title>');
  });

  test('runs its own scripts alone, and reaches nothing', () => {
    const [policy = ''] = /(?<=Content-Security-Policy" content=")[^"]*/.exec(page) ?? [];
    const hashes = scriptsOf(page)
      .filter((script) => !script.attributes.includes('json'))
      .map(({ text }) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
    expect(policy.split('; ').sort()).toEqual([
      "base-uri 'none'",
      "default-src 'none'",
      "form-action 'none'",
      `script-src ${hashes.join(' ')}`,
      "style-src 'unsafe-inline'",
    ]);
    const markup = page.replace(/<script[\s\S]*?<\/script>/g, '');
    expect(markup).not.toMatch(/\s(?:src|href|action|on\w+)=|@import|url\(/i);
  });

  test('carries the notices of its libraries', () => {
    expect(page).toMatch(/d3 7\.[\d.]+<\/p><pre>Copyright [\d-]+ Mike Bostock/);
    expect(page).toMatch(/@observablehq\/plot 0\.[\d.]+<\/p><pre>Copyright [\d-]+ Observable, Inc\./);
  });

  test('is one script without imports and exports', () => {
    const own = scriptsOf(page).at(-1)!;
    expect(own.attributes).toBe(' type="module"');
    expect(own.text).not.toMatch(/^\s*(?:import|export)\b/m);
    expect(own.text).toContain('function figureBlock(');
  });
});

test('texts in HTML and JSON', () => {
  expect(escapeHtml(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;');
  expect(scriptJson({ a: '</script><!--' })).toBe('{"a":"\\u003c/script>\\u003c!--"}');
});
