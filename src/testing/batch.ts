/** Large Momentum batches with the variety of real ones. Seeded: the same batch every time. */
import { seededRandom } from '../lib/random.ts'
import { momentumSamples, momentumWire } from '../providers/momentum/samples.ts'

const AGENTS = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
]

/** How often a type comes in a hundred events: about four events a message (SparkPost support docs, Aug 2026). */
const MIX = [
  ['momentum.injection', 27],
  ['momentum.delivery', 26],
  ['momentum.initial_open', 12],
  ['momentum.open', 14],
  ['momentum.click', 9],
  ['momentum.delay', 5],
  ['momentum.bounce', 4],
  ['momentum.spam_complaint', 1],
  ['momentum.list_unsubscribe', 2],
] as const

const CYCLE = MIX.flatMap(([name, weight]) => Array.from({ length: weight }, () => name))

/** JSON text of a batch with `count` events. */
export function batchOf(count: number, seed = 1): string {
  const random = seededRandom(seed)
  const events: string[] = []
  for (let n = 0; n < count; n++) {
    const name = CYCLE[Math.floor(random() * CYCLE.length)] as (typeof CYCLE)[number]
    events.push(momentumWire(name, { ...(Object.values(momentumSamples[name])[0] as object), ...variation(n, random) }))
  }
  return `[${events.join(',')}]`
}

function variation(n: number, random: () => number): Record<string, unknown> {
  const person = Math.floor(random() * 1_000_000)
  return {
    event_id: String(92_356_927_690_000_000n + BigInt(n)),
    message_id: (0x443ee14578172be22n + BigInt(person)).toString(16).padStart(20, '0'),
    rcpt_to: `person-${person}@example.com`,
    raw_rcpt_to: `Person-${person}@example.com`,
    timestamp: String(1_780_000_000 + Math.floor(random() * 30)),
    subject: `Order ${100_000 + person} is on its way – спасибі, merci`,
    rcpt_meta: { customer: `c-${person}`, list: ['spring', 'summer'][n % 2] },
    user_agent: AGENTS[Math.floor(random() * AGENTS.length)],
  }
}
