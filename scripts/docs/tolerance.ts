/** How tolerant we are: what each kind of field takes, and what becomes of whole elements. By asking, not by telling. */
import { occurredOf } from '../../src/core/read/occurred.ts'
import { ODD } from '../../test/golden/odd.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { isWord, wireOf } from './fields.ts'
import { code, table } from './markdown.ts'
import { ESPUTNIK, MAILJET, MOMENTUM, SENDERS, type Sender } from './senders.ts'

/** What the kinds of fields take on the wire, counted over all senders. */
export function kindsTable(): string {
  const kinds = new Map<string, { readonly kind: string; readonly takes: string; readonly names: Set<string> }>()
  for (const { provider, schemas } of SENDERS)
    for (const schema of schemas.values())
      for (const [name, field] of everyField(schema)) {
        const [kind, takes] = [wireOf(field), accepted(field)]
        const known = kinds.get(kind + takes) ?? { kind, takes, names: new Set() }
        kinds.set(kind + takes, known)
        known.names.add(`${provider} ${name}`)
      }
  const rows = [...kinds.values()].sort((a, b) => b.names.size - a.names.size)
  return table(
    ['wire', 'fields', 'takes'],
    rows.map(({ kind, takes, names }) => [kind, String(names.size), takes]),
  )
}

function* everyField({ properties = {} }: JsonSchema, path = ''): Generator<[string, JsonSchema]> {
  for (const [name, field] of Object.entries(properties)) {
    yield [path + name, field]
    yield* everyField(field, `${path}${name}.`)
    if (field.items) yield* everyField(field.items, `${path}${name}[].`)
  }
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  boolean: 'true, false',
  null: 'null',
  object: 'object',
}

function accepted(schema: JsonSchema): string {
  if (isWord(schema)) return 'the word alone: it decides what the event is'
  const types = [schema.type ?? []].flat()
  if (types.length === 0) return 'anything'
  return types.map((type) => wordOf(type, schema)).join(', ')
}

function wordOf(type: string, schema: JsonSchema): string {
  if (type === 'array') return schema.maxItems === 0 ? '`[]`' : 'list'
  return type === 'number' && schema.maximum === 0 ? '`0`' : (WORDS[type] ?? type)
}

const CLICK = '"type":"click","timestamp":"1460989507"'

/** Elements that are not as documented. */
const CASES: ReadonlyArray<readonly [Sender, string, string]> = [
  [MOMENTUM, 'as documented', `{"msys":{"track_event":{${CLICK}}}}`],
  [MOMENTUM, 'keys beside `msys`', `{"msys":{"track_event":{${CLICK}}},"cust":{"id":"1"}}`],
  [MOMENTUM, 'without `msys`', `{"track_event":{${CLICK}}}`],
  [MOMENTUM, 'the bare event', `{${CLICK}}`],
  [
    MOMENTUM,
    "a name of Momentum's own event stream",
    '{"msys":{"message_event":{"type":"inband","bounce_class":"10"}}}',
  ],
  [MOMENTUM, 'a class as a number', '{"msys":{"message_event":{"type":"bounce","bounce_class":10}}}'],
  [MOMENTUM, 'the time as a number', '{"msys":{"track_event":{"type":"open","timestamp":1427736822}}}'],
  [MOMENTUM, 'the time with a fraction', '{"msys":{"track_event":{"type":"open","timestamp":"1411751722.079"}}}'],
  [MOMENTUM, 'the time in milliseconds', '{"msys":{"track_event":{"type":"open","timestamp":"1460989507000"}}}'],
  [MOMENTUM, 'a time before 2000', '{"msys":{"track_event":{"type":"open","timestamp":"86400"}}}'],
  [MOMENTUM, 'no time', '{"msys":{"track_event":{"type":"open"}}}'],
  [MOMENTUM, '`[]` and `0` for empty fields', '{"msys":{"track_event":{"type":"open","rcpt_meta":[],"user_agent":0}}}'],
  [MOMENTUM, 'a field nobody knows', '{"msys":{"track_event":{"type":"open","brand_new":{"a":1}}}}'],
  [MOMENTUM, 'a type nobody knows', '{"msys":{"track_event":{"type":"hovered"}}}'],
  [MOMENTUM, 'a type of another class', '{"msys":{"message_event":{"type":"list_unsubscribe"}}}'],
  [MOMENTUM, 'a word of several classes', '{"msys":{"message_event":{"type":"error"}}}'],
  [MOMENTUM, 'a class nobody knows', '{"msys":{"space_event":{"type":"launched"}}}'],
  [MOMENTUM, 'the test post in a batch', '{"msys":{}}'],
  [
    MOMENTUM,
    'a sample of the vendor without an id',
    '{"msys":{"message_event":{"type":"sms_status","sms_dst":"7876712656","sms_text":"lol"}}}',
  ],
  [MOMENTUM, 'two events in one element', '{"msys":{"track_event":{"type":"open"},"message_event":{"type":"delay"}}}'],
  [MOMENTUM, 'an object where text belongs', '{"msys":{"track_event":{"type":"open","rcpt_to":{"at":"x"}}}}'],
  [MOMENTUM, 'an answer of the samples endpoint', '{"results":[{"msys":{}}]}'],
  [MOMENTUM, 'no event at all', '{"hello":"world"}'],
  [MAILJET, 'as documented', '{"event":"open","time":1433333949,"MessageID":19421777396190490}'],
  [MAILJET, 'the time as text, ids as text', '{"event":"open","time":"1433333949","MessageID":"19421777396190490"}'],
  [MAILJET, 'the time in milliseconds', '{"event":"open","time":1433333949000}'],
  [MAILJET, 'null for empty fields', '{"event":"open","customcampaign":null}'],
  [MAILJET, 'the test button', '{"event":"open","MessageID":0,"email":""}'],
  [MAILJET, 'a word nobody knows', '{"event":"typofix","original_address":"jo@shop.exmaple"}'],
  [MAILJET, 'without a word', '{"email":"jo@shop.example"}'],
  [MAILJET, 'a list where text belongs', '{"event":"open","email":["jo@shop.example"]}'],
  [MAILJET, 'no object', '"open"'],
  [
    ESPUTNIK,
    'as documented',
    '{"activityStatus":"READ","activityDateTime":"2023-09-14T08:30:03","email":"jo@shop.example"}',
  ],
  [ESPUTNIK, 'a time with a zone', '{"activityStatus":"READ","activityDateTime":"2023-09-14T08:30:03+03:00"}'],
  [ESPUTNIK, 'no time', '{"activityStatus":"READ"}'],
  [ESPUTNIK, '`statusData` as a list', '{"activityStatus":"READ","statusData":[]}'],
  [ESPUTNIK, 'a value without quotation marks', '{"activityStatus":"READ","mediaType": email}'],
  [ESPUTNIK, 'a word nobody knows', '{"activityStatus":"RECEIVED"}'],
  [ESPUTNIK, 'an object where text belongs', '{"activityStatus":"READ","email":{"at":"x"}}'],
]

const RECEIVED_AT = Date.UTC(2026, 5, 1)

/** What others make of what is not as documented, and what is made of it here. */
export function othersTable(): string {
  const sender = (file: string) => file.split('-')[0] ?? ''
  return table(
    ['sender', 'what comes', 'what others make of it, and what we do'],
    ODD.map(({ file, what, others }) => [sender(file), what, others]),
  )
}

export function elementsTable(): string {
  const rows = CASES.map(([sender, what, text]) => [sender.provider, what, code(text), ...outcome(sender, text)])
  return table(['sender', 'what comes', 'for example', 'what becomes of it', '`occurredAtFrom`'], rows)
}

function outcome({ read }: Sender, text: string): [becomes: string, occurredAtFrom: string] {
  const reading = read(text)
  if ('unreadable' in reading)
    return [`quarantined alone: ${reading.unreadable}${reading.path ? `, at ${code(reading.path)}` : ''}`, '']
  const test = reading.isTest ? ', a test' : ''
  const [, clock] = occurredOf(reading, RECEIVED_AT)
  return [`${code(reading.name)}, ${code(reading.type)}${test}`, code(clock)]
}
