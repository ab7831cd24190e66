/** What failures mean: by giving the readers every cause that the senders document. */
import type { Reading } from '../../src/ports/provider.ts'
import { CAUSES } from '../../src/providers/mailjet/causes.ts'
import type { Bounce } from '../../src/types.ts'
import { code, codes, table } from './markdown.ts'
import { ESPUTNIK, MAILJET, MOMENTUM, SENDERS, type Sender } from './senders.ts'

function readingOf({ read }: Sender, wire: object): Reading {
  const reading = read(JSON.stringify(wire))
  if ('unreadable' in reading) throw new Error(`${JSON.stringify(wire)}: ${reading.unreadable}`)
  return reading
}

function bounceOf({ details }: Reading): Bounce | null {
  return (details as { readonly bounce?: Bounce } | null)?.bounce ?? null
}

const kind = (reading: Reading) => bounceOf(reading)?.kind ?? '–'

/** Every class that is told apart from an unknown one, and 1, which says that it is undetermined. */
export function momentumClasses(): string {
  const rows: string[][] = []
  for (let number = 1; number <= 999; number++) {
    const wire = { msys: { message_event: { type: 'bounce', bounce_class: String(number) } } }
    const reading = readingOf(MOMENTUM, wire)
    if (number !== 1 && reading.type === 'bounced' && kind(reading) === 'undetermined') continue
    rows.push([code(String(number)), code(reading.type), kind(reading), reading.effect])
  }
  rows.push(['any other, or none', '`bounced`', 'undetermined', 'none'])
  return table(['`bounce_class`', '`type`', '`bounce.kind`', '`effect`'], rows)
}

export function mailjetCauses(): string {
  const rows = [...CAUSES.keys()].map((error) => {
    const outcomes = [{ hard_bounce: true }, { hard_bounce: false }].map((flag) =>
      told(readingOf(MAILJET, { event: 'bounce', error, ...flag })),
    )
    return [code(error), ...outcomes, told(readingOf(MAILJET, { event: 'blocked', error }))]
  })
  return table(['`error`', '`bounce`, `hard_bounce` true', '`bounce`, `hard_bounce` false', '`blocked`'], rows)
}

const told = (reading: Reading) => [code(reading.type), kind(reading), reading.effect].join(', ')

/** Texts of the documents, and one of each kind of answer. */
const DESCRIPTIONS = [
  '5.1.2 (bad destination system: no such domain)',
  'smtp;550 5.1.1 <jo@shop.example>: Recipient address rejected',
  'smtp;554 5.7.1 Spam message rejected',
  'smtp;552 5.2.2 Mailbox full',
  'smtp;451 4.7.1 Please try again later',
  'IM_NO_MONEY',
  '401: null',
]

export function esputnikDescriptions(): string {
  const rows = DESCRIPTIONS.map((statusDescription) => {
    const wire = { activityStatus: 'UNDELIVERED', mediaType: 'email', email: 'jo@shop.example', statusDescription }
    const reading = readingOf(ESPUTNIK, wire)
    return [code(statusDescription), kind(reading), reading.effect]
  })
  return table(['`statusDescription`', '`bounce.kind`', '`effect`'], rows)
}

/** Which events can have an effect at all, by giving each type its bare event. */
export function effectsTable(): string {
  const rows = new Map<string, { readonly type: string; readonly effect: string; readonly names: Set<string> }>()
  for (const sender of SENDERS)
    for (const [name, { schema }] of Object.entries(sender.catalogue)) {
      const { type, effect } = readingOf(sender, sender.bare(schema))
      if (effect === 'none') continue
      const row = rows.get(type + effect) ?? { type, effect, names: new Set() }
      rows.set(type + effect, row)
      row.names.add(name)
    }
  const cells = [...rows.values()].map(({ type, effect, names }) => [code(type), code(effect), codes(names)])
  const byCause = codes([
    'momentum.bounce',
    'momentum.out_of_band',
    'mailjet.bounce',
    'mailjet.blocked',
    'esputnik.undelivered',
  ])
  return table(['type', 'effect', 'events'], [...cells, ['`bounced`, `rejected`, `unsubscribed`', 'by cause', byCause]])
}
