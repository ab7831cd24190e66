import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readArguments } from '../../bench/harness/options.ts'
import { Figures, type RunResult } from '../../bench/harness/results.ts'
import { DRAIN, EXPRESS_ZOD, OURS } from '../../bench/harness/subjects.ts'
import { docsOf, PUBLISHED } from '../../bench/report/docs.ts'
import { lossesSection, targetsSection } from '../../bench/report/sections.ts'
import { figure, table } from '../../bench/report/table.ts'
import { verdicts } from '../../bench/report/targets.ts'

const LARGE = 'momentum, 10000 events a post'

/** A run in which only acknowledgements were measured, with these medians. */
function runWith(acks: Readonly<Record<string, readonly number[]>>): RunResult {
  const figures = new Figures()
  for (const [subject, rounds] of Object.entries(acks))
    for (const ms of rounds) figures.add({ measure: 'ack p99', subject, setting: LARGE, unit: 'ms' }, ms)
  figures.add({ measure: 'posts over connections', subject: OURS.name, setting: '1', unit: 'posts/s', at: 1 }, 10)
  figures.add({ measure: 'posts over connections', subject: OURS.name, setting: '8', unit: 'posts/s', at: 8 }, 70)
  const scenario = figures.result({ name: 'acks', title: 'Acks', how: 'somehow' })
  return { at: '2026-01-01', quick: true, commit: 'c', machine: { node: 'v0' }, client: 'none', scenarios: [scenario] }
}

const run = runWith({ [DRAIN.name]: [10, 20], [EXPRESS_ZOD.name]: [300, 300], [OURS.name]: [15, 50] })

describe('a target', () => {
  const [toDrain, toExpress] = verdicts(run)

  it('is judged by the median of the ratios, round by round', () => {
    expect(toDrain).toMatchObject({ rounds: [1.5, 2.5], reached: 2, met: true })
    expect(toExpress).toMatchObject({ rounds: [20, 6], reached: 13, met: false })
  })

  it('that was not measured is neither met nor missed', () => {
    const others = verdicts(run).slice(2)
    expect(others.length).toBeGreaterThan(10)
    expect(new Set(others.map(({ met }) => met))).toEqual(new Set([null]))
    expect(targetsSection(run)).toContain('not measured')
    expect(targetsSection(run)).toMatch(/13 \(6–20\) × \| +no \|/)
  })
})

it('names whoever is ahead of us, and nobody else', () => {
  const losses = lossesSection(run)
  expect(losses).toContain(DRAIN.name)
  expect(losses).not.toContain(EXPRESS_ZOD.name)
})

it('a figure has three digits that count', () => {
  expect([0, 0.1234, 5.678, 12.34, 1_234.5, 1_234_567].map(figure)).toEqual([
    ...['0', '0.123', '5.68', '12.3', '1 235', '1 234 567'],
  ])
})

it('the cells of a table stand below each other', () => {
  expect(
    table(
      ['who', 'ms'],
      [
        ['a', '1'],
        ['b', '22'],
      ],
    ).split('\n'),
  ).toEqual([...['| who |  ms |', '|-----|----:|', '| a   |   1 |', '| b   |  22 |']])
})

describe('the published page', () => {
  it('comes with a plot for each curve, the same every time', () => {
    const docs = docsOf(run)
    expect([...docs.keys()]).toEqual(['docs/performance.md', 'docs/performance/posts-over-connections.svg'])
    expect(docs.get('docs/performance/posts-over-connections.svg')).toMatch(/^<svg [\s\S]*<\/svg>\n$/)
    expect(docsOf(run)).toEqual(docs)
    expect(docs.get('docs/performance.md')).not.toMatch(/\{\{|undefined|NaN/)
  })

  it('is what its figures make of it, where they are published', () => {
    if (!existsSync(PUBLISHED)) return expect(existsSync(join(PUBLISHED, '../performance.md'))).toBe(false)
    for (const [path, text] of docsOf(JSON.parse(readFileSync(PUBLISHED, 'utf8'))))
      expect(readFileSync(join(PUBLISHED, '../..', path), 'utf8') === text, path).toBe(true)
  })
})

describe('the command line', () => {
  it('takes scenarios in the order in which they run, or all of them', () => {
    expect(readArguments(['b', 'a', '--quick'], ['a', 'b', 'c'])).toMatchObject({ scenarios: ['a', 'b'], quick: true })
    expect(readArguments([], ['a', 'b'])).toMatchObject({ scenarios: ['a', 'b'], quick: false, long: false, out: null })
  })

  it('refuses what it does not know', () => {
    expect(() => readArguments(['d'], ['a'])).toThrow('no scenario d')
    expect(() => readArguments(['--fast'], ['a'])).toThrow(TypeError)
  })
})
