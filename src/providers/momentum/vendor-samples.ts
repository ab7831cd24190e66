/** Tells the vendor's sample events, which its test buttons send, from real ones. Private. */

type Wire = Readonly<Record<string, unknown>>

/**
 * The ids that the vendor's samples share: message, track, generation, unsubscribe and relay events the first, A/B and
 * ingest events the second (SparkPost samples endpoint, 2016 to 2026).
 */
const EVENT_IDS: ReadonlySet<string> = new Set(['92356927693813856', '0e5cf1fc-cb36-4c39-b695-3651b6ea6563'])

/**
 * What else its samples have in common. `sms_status` and `relay_message` never had an `event_id`, no sample before 2016
 * had one (SparkPost Elite user guide, 2015; Momentum 4 documentation, 2014; SparkPost samples endpoint, 2016 to 2026).
 */
const CONSTANTS: ReadonlyArray<readonly [field: string, values: ReadonlySet<unknown>]> = [
  [
    'message_id',
    new Set([
      '000443ee14578172be22',
      '0e0d94b7-9085-4e3c-ab30-e3f2cd9c273e',
      'fb238d87-deaf-427e-91e6-da675ecea2a4',
      '0000632c8b54d53f0a00',
    ]),
  ],
  ['transmission_id', new Set(['65832150921904138', '65832146450776065', '11898458545848322'])],
  ['rcpt_to', new Set(['recipient@example.com', 'you@there.com'])],
  ['relay_id', new Set(['123-456-789'])],
  ['webhook_id', new Set(['4839201967643219'])],
  ['sms_dst', new Set(['7876712656'])],
  ['sms_text', new Set(['lol'])],
]

/** By its event id; without one, by two of the other constants: one alone may be chance, or a developer's own test. */
export function isVendorSample(senderEventId: string | null, wire: Wire): boolean {
  if (senderEventId !== null) return EVENT_IDS.has(senderEventId)
  return CONSTANTS.filter(([field, values]) => values.has(wire[field])).length >= 2
}
