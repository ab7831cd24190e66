/** Bodies to break: one of our own for every event of every sender, and the published samples where they are. */
import { unauthenticated } from '../../../src/auth/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Provider } from '../../../src/ports/provider.ts'
import { esputnik } from '../../../src/providers/esputnik/index.ts'
import { esputnikSamples, esputnikWire } from '../../../src/providers/esputnik/samples.ts'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import { mailjetSamples, mailjetWire } from '../../../src/providers/mailjet/samples.ts'
import { momentum } from '../../../src/providers/momentum/index.ts'
import { momentumSamples, momentumWire } from '../../../src/providers/momentum/samples.ts'
import { type SampleBody, sampleBodies } from '../../support/sample-bodies.ts'

const auth = unauthenticated()

export const PROVIDERS: Readonly<Record<SampleBody['sender'], Provider>> = {
  momentum: momentum({ auth })[port].provider,
  mailjet: mailjet({ auth })[port].provider,
  esputnik: esputnik({ auth, timeZone: 'UTC' })[port].provider,
}

const every = (sender: SampleBody['sender'], samples: object, wire: (name: never, fields: never) => string) =>
  Object.entries(samples).flatMap(([name, types]: [string, object]) =>
    Object.values(types).map((fields): SampleBody => ({ sender, name, text: wire(name as never, fields as never) })),
  )

/** One event each, as its sender writes it. */
export const singles: readonly SampleBody[] = [
  ...every('momentum', momentumSamples, momentumWire),
  ...every('mailjet', mailjetSamples, (_, fields) => mailjetWire(fields)),
  ...every('esputnik', esputnikSamples, (_, fields) => esputnikWire(fields)),
]

const grouped = (sender: SampleBody['sender']): SampleBody => {
  const texts = singles.filter((one) => one.sender === sender).map(({ text }) => text)
  return { sender, name: 'all of them', text: `[${texts.slice(0, 8).join(',')}]` }
}

export const batches: readonly SampleBody[] = [grouped('momentum'), grouped('mailjet'), grouped('esputnik')]

export const published: readonly SampleBody[] = sampleBodies()
