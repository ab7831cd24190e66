import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { port } from '../../../src/lib/symbols.ts'
import { momentum } from '../../../src/providers/momentum/index.ts'
import { auth, parseExact } from '../support.ts'

const root = process.env.POSTHORN_SAMPLES
const { read, catalogue } = momentum({ auth })[port].provider

const readings = (file: string) => {
  const elements = parseExact(readFileSync(join(root ?? '', 'momentum', `${file}.json`), 'utf8')) as unknown[]
  return elements.map((element) => {
    const result = read(element)
    if ('unreadable' in result) throw new Error(`${file}: ${result.unreadable} at ${result.path}`)
    return result
  })
}

describe.skipIf(!root)('published samples (POSTHORN_SAMPLES)', () => {
  it.each([
    ['documented-2026-live-samples', 27],
    ['documented-2016-event-docs', 19],
    ['documented-2016-numeric-timestamps', 19],
    ['documented-elite-click', 1],
    ['documented-momentum4', 2],
    ['documented-relay-message', 1],
    ['raw-names-ingest', 2],
  ])('%s read as known names, %i of them', (file, count) => {
    const events = readings(file)
    expect(events).toHaveLength(count)
    for (const { name, type, nativeType, occurredAt } of events) {
      expect(catalogue.get(name)).toContain(type)
      expect(name).not.toBe('momentum.unknown')
      expect(occurredAt === null).toBe(nativeType === 'relay_message')
    }
  })

  it('every type of the cloud is among the live ones, each once', () => {
    const names = readings('documented-2026-live-samples').map(({ name }) => name)
    expect(new Set(names).size).toBe(27)
  })

  it.each([
    'documented-2026-live-samples',
    'documented-2016-event-docs',
    'documented-2016-numeric-timestamps',
    'documented-elite-click',
    'documented-momentum4',
    'documented-relay-message',
  ])('%s are tests, those without an id too', (file) => {
    expect(readings(file).filter(({ isTest }) => !isTest)).toEqual([])
  })

  it('raw names are read as what they are', () => {
    expect(readings('raw-names-ingest').map(({ name, nativeType, type }) => [name, nativeType, type])).toEqual([
      ['momentum.bounce', 'message_event.inband', 'bounced'],
      ['momentum.injection', 'message_event.reception', 'queued'],
    ])
  })

  it('the test POSTs are the probes', () => {
    const { probes } = momentum({ auth })[port].provider
    for (const file of ['ping-array', 'ping-object']) {
      const text = readFileSync(join(root ?? '', 'momentum', `${file}.json`), 'utf8')
      expect(probes).toContain(JSON.stringify(JSON.parse(text)))
    }
  })
})
