import { unauthenticated } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet } from 'posthorn/mailjet'
import { momentum } from 'posthorn/momentum'
import { describe, expect, it } from 'vitest'
import { PassTrace } from '../../src/core/process/trace.ts'
import type { Source } from '../../src/ports/provider.ts'
import { esputnikSamples, esputnikWire } from '../../src/providers/esputnik/samples.ts'
import type { Fields, Samples } from '../../src/providers/kit/samples.ts'
import { mailjetSamples, mailjetWire } from '../../src/providers/mailjet/samples.ts'
import { momentumSamples, momentumWire } from '../../src/providers/momentum/samples.ts'
import type { AnyEvent } from '../../src/types.ts'
import { sampleBodies, samplesFolder } from '../support/sample-bodies.ts'
import { eventsOf } from './bodies.ts'
import { PUBLISHED } from './published.ts'

const auth = unauthenticated()
const SOURCES = {
  momentum: momentum({ auth }),
  mailjet: mailjet({ auth }),
  esputnik: esputnik({ auth, timeZone: 'Europe/Kyiv' }),
} as const satisfies Record<string, Source<AnyEvent>>

interface Own {
  readonly name: string
  readonly type: string
  readonly fields: Fields
  readonly text: string
}

function ownOf<N extends string>(samples: Samples, wire: (name: N, fields: Fields) => string): Own[] {
  return Object.entries(samples).flatMap(([name, types]) =>
    Object.entries(types).map(([type, fields]) => ({ name, type, fields, text: wire(name as N, fields) })),
  )
}

const OWN = {
  momentum: ownOf(momentumSamples, momentumWire),
  mailjet: ownOf(mailjetSamples, (_name, fields) => mailjetWire(fields)),
  esputnik: ownOf(esputnikSamples, (_name, fields) => esputnikWire(fields)),
}

/** For whoever changes the file. */
const TRACES =
  '# A line that has changed, and is not new, asks for a migration that takes all traces away: src/lib/trace.ts.'

describe.each(['momentum', 'mailjet', 'esputnik'] as const)('our own samples of %s', (sender) => {
  const own = OWN[sender]
  const events = eventsOf(SOURCES[sender], `[${own.map(({ text }) => text).join(',')}]`)

  it('are the events they are called', () => {
    expect(events.map(({ name, type }) => [name, type])).toEqual(own.map(({ name, type }) => [name, type]))
  })

  it('have payloads with every field as it is sampled, identifiers as text', () => {
    expect(events.map(({ payload }) => payload)).toEqual(own.map(({ fields }) => fields))
  })

  it('are normalised as they were when somebody last looked', async () => {
    const shown = events.map(({ payload: _, ...event }) => event)
    await expect(`${JSON.stringify(shown, null, 2)}\n`).toMatchFileSnapshot(`./${sender}.json`)
  })

  it('are found by the traces that earlier versions have stored', async () => {
    const lines = events.map((event, index) => {
      const trace = new PassTrace()
      trace.read(event)
      return `${own[index]?.name}/${own[index]?.type} ${Buffer.from(trace.of(1) ?? []).toString('hex')}`
    })
    await expect(`${[TRACES, ...lines].join('\n')}\n`).toMatchFileSnapshot(`./traces/${sender}.txt`)
  })
})

/** The ids that all samples of SparkPost share make them tests, which ask for nothing; with others they are real. */
const asReal = (text: string) =>
  text
    .replaceAll('92356927693813856', '84320004216718905')
    .replaceAll('0e5cf1fc-cb36-4c39-b695-3651b6ea6563', '4d1f7a52-0f39-4a0f-9b52-0d7c2d9b6e11')

describe.skipIf(samplesFolder === undefined)('published bodies (POSTHORN_SAMPLES)', () => {
  // The Parse API's mails and the answers of its management are no events of these sources.
  const bodies = sampleBodies().filter(({ name }) => !name.includes('parse-api'))

  it('are the ones we know', () => {
    expect(bodies.map(({ name }) => name).sort()).toEqual(Object.keys(PUBLISHED).sort())
  })

  it.each(bodies)('$name: names, types and effects', ({ sender, name, text }) => {
    const events = eventsOf(SOURCES[sender], asReal(text))
    expect(events.map((event) => `${event.name} ${event.type} ${event.effect}`)).toEqual(PUBLISHED[name])
  })

  it.each(bodies.filter(({ text }) => text !== asReal(text)))('$name: tests ask for nothing', ({ sender, text }) => {
    const effects = eventsOf(SOURCES[sender], text).map(({ isTest, effect }) => (isTest ? effect : 'none'))
    expect(new Set(effects)).toEqual(new Set(['none']))
  })
})
