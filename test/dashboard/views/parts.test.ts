import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { VNode } from 'preact'
import { render } from 'preact-render-to-string'
import { describe, expect, it } from 'vitest'
import { html } from '../../../src/dashboard/parts/html.ts'
import { strange } from '../../../src/dashboard/parts/pieces.ts'
import type { Frame, See } from '../../../src/dashboard/parts/see.ts'
import { plain, text } from '../../../src/dashboard/parts/text.ts'
import { clockText, spanText, zoneText } from '../../../src/dashboard/parts/time.ts'
import { SCRIPT, STYLE } from '../../../src/dashboard/views/assets.generated.ts'
import type { EventRow } from '../../../src/dashboard/views/load/loading.ts'
import { drawPerson } from '../../../src/dashboard/views/person.ts'

const drawn = (inner: unknown): string => render(html`<p>${inner}</p>` as VNode)
const SOURCES = globSync('src/dashboard/{parts,views,client}/**/*.ts', {
  cwd: join(import.meta.dirname, '../../..'),
}).filter((file) => !file.includes('.generated.'))

it('says that nothing speaks against a person only where all of it is shown', () => {
  const at = '2026-01-01T00:00:00.000Z'
  const event = {
    ...{
      id: 'd_a.0',
      source: 'shop',
      provider: 'toy',
      name: 'toy.ping',
      type: 'opened',
      occurredAt: at,
      receivedAt: at,
    },
    ...{
      lateMs: 0,
      who: 'j***@shop.example',
      key: 'k',
      messageId: null,
      messageKey: null,
      effect: 'none',
      isTest: false,
      bounce: null,
    },
    ...{ automated: null, url: null, reply: null },
  } satisfies EventRow
  const data = { links: [], key: 'k', who: 'j***@shop.example', evidence: null, counts: {}, events: [event] }
  const frame: Frame = {
    ...{ verdict: 'well' as const, findings: 0, reason: null, counts: null, sources: [], handlers: [], who: 'jo' },
    ...{ people: 'masked' as const, bytes: false, act: [] },
  }
  const see = (more: Partial<See>): See => ({
    ...{ view: 'person', query: 'view=person&key=k', frame, now: Date.parse(at), times: 'utc' },
    ...{ next: null, partial: null, stale: null, ...more },
  })
  const shown = (more: Partial<See>) => render(html`<main>${drawPerson(data, see(more))}</main>` as VNode)
  expect(shown({})).toContain('nothing stored speaks against it')
  for (const more of [{ next: 'd_a.0' }, { partial: 'late' }, { query: 'view=person&key=k&after=d_b.0' }])
    expect(shown(more)).not.toContain('nothing stored speaks against it')
})

describe('texts of strangers', () => {
  it.each([
    ['\u202egnp.exe', '<p><span class="chip">\\u{202e}</span>gnp.exe</p>'],
    ['a\u200bb\ufeff', '<p>a<span class="chip">\\u{200b}</span>b<span class="chip">\\u{feff}</span></p>'],
    ['\u0000\u001b[31m', '<p><span class="chip">\\u{0}</span><span class="chip">\\u{1b}</span>[31m</p>'],
    ['<b>&"', '<p>&lt;b>&amp;&quot;</p>'],
    ['two\nlines', '<p>two<span class="chip">\\u{a}</span>lines</p>'],
  ])('show %j by what it is', (given, expected) => {
    expect(drawn(text(given))).toBe(expected)
  })

  it('keep their lines where they are meant to have some', () => {
    expect(drawn(text('a\n\tb\u0007', { lines: true }))).toBe('<p>a\n\tb<span class="chip">\\u{7}</span></p>')
  })

  it('are escaped in attributes, too', () => {
    expect(render(html`<p title=${plain('"\u202e<')}></p>` as VNode)).toBe('<p title="&quot;\\u{202e}&lt;"></p>')
  })
})

describe('an address in an event (D5)', () => {
  it.each([
    'javascript:alert(1)',
    'JAVASCRIPT:alert(1)',
    'data:text/html,<script>1</script>',
    'vbscript:1',
    '//evil.example/',
    'https://user:secret@shop.example/',
    'https://shop.example/\u202efdp',
    'https://shop.example /x',
    'https:shop',
    'ftp://shop.example',
  ])('is a text: %s', (url) => {
    expect(drawn(strange(url))).not.toContain('<a ')
  })

  it('is a link behind a step that shows its host as the network has it', () => {
    const shown = drawn(strange('https://shöp.example/a?b=1'))
    expect(shown).toContain('<strong>xn--shp-tna.example</strong>')
    expect(shown).toContain('rel="noopener noreferrer nofollow"')
    expect(shown.indexOf('<summary>')).toBeLessThan(shown.indexOf('<a '))
  })
})

describe('times', () => {
  const now = Date.UTC(2026, 10, 28, 3, 12, 4)

  it.each([
    [Date.UTC(2026, 10, 28, 1, 2, 3), '01:02:03'],
    [Date.UTC(2026, 10, 27, 23, 59, 59), '27 Nov 23:59:59'],
    [Date.UTC(2025, 10, 27, 23, 59, 59), '27 Nov 2025 23:59'],
  ])('are written in UTC on the server', (ms, expected) => {
    expect(clockText(ms, now, 'utc')).toBe(expected)
    expect(zoneText(now, 'utc')).toBe('UTC')
  })

  it.each([
    [999, '999 ms'],
    [90_000, '90 s'],
    [120_000, '2 min'],
    [7_200_000, '2 h'],
    [172_800_000, '2 d'],
  ])('span %d ms', (ms, expected) => {
    expect(spanText(ms)).toBe(expected)
  })
})

describe('the assets', () => {
  it('keep to their budgets', () => {
    expect(gzipSync(SCRIPT, { level: 9 }).length).toBeLessThan(30_000)
    expect(gzipSync(STYLE, { level: 9 }).length).toBeLessThan(8_000)
  })

  it('have no way from a text to markup, and nothing from elsewhere', () => {
    const sinks =
      /dangerouslySetInnerHTML|\b(?:innerHTML|outerHTML|insertAdjacentHTML|srcdoc)\b|document\.write|\beval\(|new Function|DOMParser/
    for (const file of SOURCES) expect({ file, sink: sinks.exec(readFileSync(file, 'utf8'))?.[0] }).toEqual({ file })
    expect(STYLE).not.toMatch(/url\(|@import/)
    expect(
      SCRIPT.match(/https?:\/\/[^"'`)\s]+/g)?.filter((url) => !url.startsWith('http://www.w3.org/')) ?? [],
    ).toEqual([])
  })

  it('do without styles in attributes, which the policy refuses', () => {
    for (const file of SOURCES)
      expect({ file, has: /\sstyle=|<style/.test(readFileSync(file, 'utf8')) }).toEqual({ file, has: false })
  })
})
