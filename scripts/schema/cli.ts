/** The published JSON Schemas of what commands write with `--json`: of the one object, or of each line of a list. */
import { z } from 'zod'
import type { JsonSchema } from './json-schema.ts'
import { documents } from './published.ts'

const text = z.string()
const textOrNull = text.nullable()
const count = z.int().nonnegative()
const instant = z.iso.datetime()
const counts = z.record(text, count)

const event = z
  .looseObject({
    id: text,
    source: text,
    provider: text,
    name: text,
    type: text,
    occurredAt: instant,
    receivedAt: instant,
  })
  .meta({ description: 'The normalised event: event.json.' })
const error = z.looseObject({ attempt: count, at: instant, name: text, message: text, code: textOrNull })
const pause = { by: z.enum(['hand', 'failures']), since: instant }
const unreadable = z.object({ index: count.nullable(), reason: text, at: textOrNull })

/** What a dashboard tells, too. */
const standing = {
  pending: count,
  pendingBytes: count,
  oldestPendingAt: instant.nullable(),
  deadLetters: count,
  quarantined: count,
  paused: z.array(z.object({ handler: text, ...pause })),
}
const others = {
  unhandled: counts,
  cancelled: count,
  expired: count,
  erased: count,
  orphaned: counts,
  orphanedSources: counts,
  replays: counts,
  duplicateEvents: counts,
}
const missing = { missingShards: z.array(count).optional() }
const stats = { ...standing, ...others, ...missing }
const optional = z.object({ ...others, ...missing }).partial().shape
const summary = {
  id: text,
  source: text,
  receivedAt: instant,
  bytes: count,
  events: count.nullable(),
  senderLeft: z.boolean(),
  duplicates: count,
  isTest: z.boolean(),
  batchId: textOrNull,
  kept: z.enum(['all', 'some', 'none']),
}
const letter = { handler: text, attempts: count, errors: z.array(error), since: instant, redeliveries: count }
const verb = (name: string, more: z.ZodRawShape = {}) =>
  z.object({ verb: z.literal(name), dryRun: z.boolean(), matched: count, queued: count, ...missing, ...more })
const asked = (name: string, more: z.ZodRawShape = {}) =>
  z.object({ verb: z.literal(name), dryRun: z.boolean(), ...more })
const finding = z.object({ id: text, what: text })

/** By the words of the command; `#` where a flag makes another shape of it. */
export const CLI_SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  'inbox stats': z.object(stats),
  'inbox ls': z.object(summary),
  'inbox show': z.union([
    z.object({
      delivery: z.object({ ...summary, sha256: text, credential: textOrNull, headers: z.array(z.array(text)) }),
      events: z.array(event),
      unreadable: z.array(unreadable),
    }),
    z.object({
      event,
      progress: z.array(z.object({ handler: text, outcome: text, attempts: count.nullable() })),
      dead: z.array(z.object(letter)),
    }),
  ]),
  'inbox events': event,
  'inbox message': event,
  'inbox person': event,
  'inbox dead': z.union([
    z.object({ event, ...letter }),
    z.object({
      ...{ count, handler: text, error: textOrNull, code: textOrNull, message: textOrNull },
      ...{ firstSince: instant, lastSince: instant, eventId: text },
    }),
  ]),
  'inbox quarantine': z.object({
    source: text,
    deliveryId: text,
    index: count.nullable(),
    reason: text,
    path: textOrNull,
    since: instant,
  }),
  'inbox handlers': z.object({
    ...{ handler: text, seenAt: instant, deadLetters: count, orphaned: count, paused: z.object(pause).nullable() },
  }),
  'inbox senders': z.object({
    ...{ source: text, sender: text, lastDeliveryAt: instant.nullable(), lastDeliveryId: textOrNull },
  }),
  'inbox diff': z.union([
    z.object({
      deliveryId: text,
      source: text,
      elements: z.object({ recorded: count.nullable(), now: count }),
      readable: z.array(z.object({ index: count, name: text })),
      unreadable: z.array(z.object({ index: count, reason: text, path: textOrNull })),
    }),
    z.object({
      ...{ a: text, b: text, inBoth: count, onlyInA: z.array(text), onlyInB: z.array(text) },
      facts: z.array(z.object({ field: text, a: z.unknown(), b: z.unknown() })),
    }),
  ]),
  'inbox retry': verb('retry'),
  'inbox replay': verb('replay', { run: text, unreadable: count }),
  'inbox reparse': verb('reparse'),
  'inbox drop': verb('drop'),
  'inbox pause': asked('pause', { handler: text.optional() }),
  'inbox resume': asked('resume', { handler: text.optional() }),
  'inbox erase': verb('erase', { deliveries: count, closed: count, leftIn: z.array(text) }),
  'inbox prune': asked('prune', {
    ...{ bodies: count.optional(), deliveries: count.optional() },
    ...{ deadLetters: count.optional(), quarantined: count.optional(), ...missing },
  }),
  'inbox export': z.object({
    ...{ id: text, source: text, receivedAt: instant, event: event.nullable(), deadFor: z.array(text) },
    raw: text.meta({ description: 'The bytes as received, in base64.' }),
  }),
  'inbox check': z.object({
    ...{ ok: z.boolean(), findings: z.array(finding) },
    stats: z.object({ ...optional, ...standing }).meta({ description: 'With --url what a dashboard tells of it.' }),
  }),
  'inbox backup': z.object({ path: text, bytes: count }),
  'inbox copy': z.object({
    schema: text,
    copied: z.record(text, count),
  }),
  'inbox migrate': z.object({ schema: text }),
  forward: z.union([
    z.object({ ready: text, after: textOrNull, cursor: text }),
    z.object({ id: text, source: text, status: count, ms: count, tries: count }),
  ]),
  doctor: z.object({
    ok: z.boolean(),
    findings: z.array(finding.extend({ ok: z.boolean(), why: textOrNull, mend: textOrNull })),
  }),
  'bench-disk': z.object({
    ...{ ok: z.boolean(), folder: text, limitMs: count },
    writes: z.array(z.object({ bytes: count, count, p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() })),
  }),
  serve: z.union([
    z.object({ ready: z.array(text), health: textOrNull, dashboard: textOrNull }),
    z.object({ ok: z.boolean(), sources: z.array(text) }),
  ]),
}

/** What a field is, whichever command writes it. */
const FIELDS: Readonly<Record<string, string>> = {
  id: 'Of a delivery, or of an event, `d_….3`.',
  source: 'The source it came to.',
  sender: 'Who posts to the source.',
  provider: 'The module that read it.',
  name: 'The native event: `momentum.click`.',
  type: 'The normalised type.',
  event: 'The normalised event: event.json.',
  events: 'Number of elements; null until it was read.',
  occurredAt: 'When it happened.',
  receivedAt: 'When the delivery came in.',
  bytes: 'Size in bytes.',
  senderLeft: 'The sender had hung up before the answer.',
  duplicates: 'Identical deliveries that were absorbed.',
  isTest: 'Test traffic of the sender.',
  batchId: 'The id that the sender gave the batch.',
  kept: 'What is left of the bytes.',
  pending: 'Deliveries with work left.',
  pendingBytes: 'Bodies that nobody has read yet, in bytes.',
  oldestPendingAt: 'When the oldest of them was received.',
  deadLetters: 'Dead letters.',
  quarantined: 'What could not be read.',
  unhandled: 'Events that no handler asked for, by native name.',
  cancelled: 'What was given up.',
  expired: 'What was removed because its time was over.',
  erased: 'Elements that were taken out for a person.',
  paused: 'Whether it is paused, by whom and since when.',
  orphaned: 'Work of handlers that nobody has had for 24 h.',
  orphanedSources: 'Deliveries of sources that no process has, by source.',
  replays: 'What is left of replays, by run.',
  missingShards: 'Places of shards that did not answer; absent: all answered.',
  duplicateEvents: 'Events that were absorbed as copies, by source.',
  handler: 'The durable name of the handler.',
  seenAt: 'When a process that has it was last known to run.',
  lastDeliveryAt: 'When the newest delivery was received; null: never.',
  lastDeliveryId: 'Its id.',
  deliveryId: 'The delivery.',
  index: 'The element; null: the whole delivery.',
  reason: 'Why it could not be read.',
  path: 'Where: a JSON pointer, or the path of a file.',
  since: 'When it was set aside.',
  verb: 'The command.',
  dryRun: 'Nothing was changed.',
  matched: 'How many it is about.',
  queued: 'How many were changed.',
  run: 'The id of the replay.',
  unreadable: 'Deliveries that could not be read.',
  deliveries: 'Deliveries that were gone through, or are forgotten.',
  closed: 'Deliveries that nobody can look into.',
  leftIn: 'Files that may still hold the address.',
  bodies: 'Deliveries that have lost their bytes.',
  deadFor: 'Handlers for which it is a dead letter.',
  raw: 'The bytes as received, in base64.',
  ok: 'All is well.',
  findings: 'What was found.',
  folder: 'Where it was written.',
  limitMs: 'How long the sender waits that gives up first, in ms.',
  writes: 'Writes of each size until the disk has them, in ms.',
  stats: 'The counts of `inbox stats`.',
  schema: 'The schema in the database.',
  copied: 'Rows that were copied, by their table.',
  error: 'A stable code.',
  message: 'One sentence; in an event the id of the mail.',
}

/** `inbox ls` is `cli/inbox-ls.json`. */
export const fileOf = (command: string): string => `cli/${command.replaceAll(' ', '-')}.json`

/** Errors of all commands, on stderr. */
const failure = z.object({ error: text, message: text })

export function publishedCli(): Array<[path: string, text: string]> {
  const all = Object.entries({ ...CLI_SCHEMAS, error: failure })
  return all.flatMap(([command, schema]) => {
    const what = command === 'error' ? 'What a command that failed writes to stderr' : `What posthorn ${command} writes`
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'output' }) as JsonSchema
    const said = rest.properties && { properties: described(rest.properties) }
    return documents(fileOf(command), { title: command, description: `${what} with --json.`, ...rest, ...said })
  })
}

/** @throws for a field that nobody has described */
function described(properties: Readonly<Record<string, JsonSchema>>): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, field]) => {
      const description = FIELDS[name]
      if (description === undefined) throw new Error(`nothing says what ${name} is`)
      return [name, { ...field, description }]
    }),
  )
}
