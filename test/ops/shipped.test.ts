/** What is shipped for Prometheus and Grafana: every metric in it exists, with its labels, and none is left out. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RUNBOOKS } from '../../scripts/docs/runbooks.ts'
import { ANSWERS } from '../../src/errors.ts'
import { METRIC_NAMES, type MetricName, metricRow } from '../../src/telemetry/table.ts'
import { type Dashboard, expressionsOf, panelsOf, withoutVariables } from '../support/grafana.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const rules = read('ops/prometheus/posthorn.rules.yml')
const dashboard: Dashboard = JSON.parse(read('ops/grafana/posthorn.json'))

/** Of each alert, its expression. */
const alerts = new Map(
  rules
    .split('- alert: ')
    .slice(1)
    .map((text) => [
      /^\w+/.exec(text)?.[0] ?? '',
      (/expr: (?:\|\n)?([\s\S]*?)\n {8}(?:for|labels):/.exec(text)?.[1] ?? '').trim(),
    ]),
)
const all = [...alerts.values(), ...expressionsOf(dashboard)]

/** Metrics with the labels that they are asked for by, in braces. */
function asked(expression: string): { name: string; labels: string[] }[] {
  return [...expression.matchAll(/\b(posthorn_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', braces = '']) => ({
    name: name.replace(/_(bucket|sum|count)$/, ''),
    labels: [...braces.matchAll(/(\w+)\s*(?:=~|!=|=)/g)].map(([, label]) => String(label)),
  }))
}

/** Labels that a result is grouped by. */
const grouped = (expression: string) =>
  [...expression.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/))

/** Those that Prometheus itself puts on. */
const ITS_OWN = ['job', 'instance', 'le']
const labelsOf = (name: string) => [...ITS_OWN, ...metricRow(name as MetricName).labels]

describe('the alerts and panels', () => {
  it('are as many as are said', () => {
    expect(alerts.size).toBe(15)
    expect(panelsOf(dashboard)).toHaveLength(16)
    expect([...alerts.values()].filter((expression) => expression === '')).toEqual([])
  })

  it.each(all)('name metrics that exist, and labels that they have: %s', (expression) => {
    const found = asked(expression)
    expect(found.length).toBeGreaterThan(0)
    for (const { name, labels } of found) {
      expect(METRIC_NAMES).toContain(name)
      expect(labelsOf(name)).toEqual(expect.arrayContaining(labels))
    }
    const known = found.flatMap(({ name }) => labelsOf(name))
    expect(known).toEqual(expect.arrayContaining(grouped(expression)))
  })

  it('leave no metric out', () => {
    const shown = new Set(all.flatMap(asked).map(({ name }) => name))
    expect(METRIC_NAMES.filter((name) => !shown.has(name))).toEqual([])
  })

  it('have a runbook each, which names them', () => {
    for (const [name] of alerts) {
      const [, id = ''] = new RegExp(`- alert: ${name}\\n[\\s\\S]*?docs/alerts\\.md#(\\w+)`).exec(rules) ?? []
      expect(Object.keys(RUNBOOKS)).toContain(id)
    }
    const named = Object.values(RUNBOOKS).map(({ alert }) => alert)
    const told = named.filter((alert) => alert.startsWith('Posthorn'))
    expect(told.filter((alert) => !alerts.has(alert))).toEqual([])
    expect([...alerts.keys()].filter((alert) => !told.includes(alert))).toEqual(['PosthornRefusing5xx'])
  })

  it('count each answer that says we failed', () => {
    const codes = new Set(rules.match(/code=~"([^"]+)"/)?.[1]?.split('|'))
    const failures = Object.entries(ANSWERS).filter(([, { status }]) => status >= 500)
    // What is stored and not handled yet, and a deploy, are no failures.
    const meant = failures.map(([code]) => code).filter((code) => !['not_handled', 'shutting_down'].includes(code))
    expect([...codes].sort()).toEqual(meant.sort())
  })

  it('have a case that fires and one that does not', () => {
    const cases = read('test/ops/posthorn.rules.test.yml').split('  - name: ').slice(1)
    for (const [name] of alerts) {
      const own = cases.filter((one) => one.startsWith(`${name} `))
      const asked = own.map((one) => [
        one.includes(`alertname: ${name}\n`),
        /exp_alerts:( \[\])?/.exec(one)?.[1] === undefined,
      ])
      expect([name, asked]).toEqual([
        name,
        expect.arrayContaining([
          [true, true],
          [true, false],
        ]),
      ])
      expect(asked.map(([isAsked]) => isAsked)).not.toContain(false)
      for (const one of own) expect(one).toMatch(/^\w+ (fires|is quiet)/)
      for (const one of own) expect(one.includes('exp_alerts: []')).toBe(/^\w+ is quiet/.test(one))
    }
  })

  it('want as many deliveries as the findings do, where one of a few would wake somebody', () => {
    for (const name of ['PosthornAckNearLimit', 'PosthornSendersLeave'])
      expect(alerts.get(name)).toMatch(/>= 20\s*\)?$/)
  })
})

const hasPromtool = spawnSync('promtool', ['--version']).status === 0

describe.skipIf(!hasPromtool)('promtool', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'posthorn-ops-'))
    cpSync(join(root, 'ops/prometheus/posthorn.rules.yml'), join(folder, 'posthorn.rules.yml'))
    cpSync(join(root, 'test/ops/posthorn.rules.test.yml'), join(folder, 'posthorn.rules.test.yml'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const promtool = (...args: string[]) =>
    execFileSync('promtool', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })

  it('takes the rules', () => {
    expect(promtool('check', 'rules', 'posthorn.rules.yml')).toContain('SUCCESS: 15 rules found')
  })

  it('finds that each alert fires where it is to, and not elsewhere', () => {
    expect(promtool('test', 'rules', 'posthorn.rules.test.yml')).toContain('SUCCESS')
  }, 120_000)

  it('takes the expressions of all panels', () => {
    const records = expressionsOf(dashboard).map(
      (expression, at) => `  - record: panel:${at}\n    expr: ${JSON.stringify(withoutVariables(expression))}`,
    )
    writeFileSync(join(folder, 'panels.yml'), `groups:\n- name: panels\n  rules:\n${records.join('\n')}\n`)
    expect(promtool('check', 'rules', 'panels.yml')).toContain(`SUCCESS: ${records.length} rules found`)
  })
})
