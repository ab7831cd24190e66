/** A place to attack: a real receiver on a real file behind a real host, which remembers what it was sent. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { basic, header, token, unauthenticated } from '../../../src/auth/index.ts'
import { createReceiver } from '../../../src/core/receiver.ts'
import { ANSWERS } from '../../../src/errors.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { esputnik } from '../../../src/providers/esputnik/index.ts'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import { momentum } from '../../../src/providers/momentum/index.ts'
import type { AnyEvent, Quarantined } from '../../../src/types.ts'
import type { AdapterSubject } from '../../contracts/adapters.ts'
import type { Host, Listening } from '../../contracts/hosts.ts'
import { rememberingLogger } from '../../support/log.ts'
import { type Answer, type Talk, type TalkOptions, talk } from './talk.ts'

export const SECRET = 'a-secret-that-is-long-enough'
export const OLD_SECRET = 'the-secret-of-last-year-still-in'
/** Beyond ASCII: 27 bytes in UTF-8. */
export const WIDE_SECRET = 'größer-als-ein-schlüssel'
export const TOKEN = 'X-MessageSystems-Webhook-Token'
export const BATCH = 'X-MessageSystems-Batch-ID'

export const basicOf = (text: string, encoding: BufferEncoding = 'utf8') =>
  `Basic ${Buffer.from(text, encoding).toString('base64')}`

/** What lets a post in, by source. */
export const CREDENTIALS: Readonly<Record<string, readonly [string, string]>> = {
  shop: [TOKEN, SECRET],
  news: ['Authorization', basicOf(`mj:${SECRET}`)],
  crm: ['X-Key', SECRET],
  rotating: [TOKEN, SECRET],
  wide: ['X-Key', Buffer.from(WIDE_SECRET).toString('latin1')],
  open: ['X-Nothing', 'at-all'],
}

/** A request for `build`. Without `headers` and `credentials` it is a good post to the first source. */
export interface Post {
  readonly source?: string
  readonly method?: string
  readonly path?: string
  /** As on the wire, one byte a character; a name may occur more than once. */
  readonly headers?: ReadonlyArray<readonly [string, string]>
  /** false leaves out what lets the post in. */
  readonly credentials?: boolean
  readonly body?: string | Uint8Array
  /** What would be stored; the body itself unless it is coded. */
  readonly stored?: string | Uint8Array
}

export interface Site {
  readonly host: Host
  readonly port: number
  readonly receiver: ReturnType<typeof newReceiver>
  /** The server's side of every connection so far. */
  readonly sockets: Listening['sockets']
  /** What handlers got, in order. */
  readonly events: AnyEvent[]
  readonly log: ReturnType<typeof rememberingLogger>
  /** A request as bytes; what it could store is from now on no surprise. */
  build(post?: Post): Buffer
  /** One request, one answer. */
  send(post?: Post): Promise<Answer>
  /** Bytes of any kind; all answers until the other side closes, or so many. */
  raw(bytes: string | Uint8Array, options?: TalkOptions): Promise<Talk>
  /** Sends a body to a source, waits until it is worked off, and tells what became of it. */
  digest(source: string, body: string | Uint8Array): Promise<Digest>
  /** Ids of the deliveries stored since the last look. */
  stored(): Promise<string[]>
  /** Fails unless all that must hold after any attack holds. */
  stands(): Promise<void>
  close(): Promise<void>
}

export interface Digest {
  readonly answer: Answer
  readonly id: string
  readonly events: AnyEvent[]
  readonly quarantined: Quarantined[]
}

function newReceiver(path: string, log: ReturnType<typeof rememberingLogger>, options: object) {
  return createReceiver({
    inbox: sqlite({ path }),
    sources: {
      shop: momentum({ auth: token(SECRET) }),
      news: mailjet({ auth: basic({ username: 'mj', password: SECRET }) }),
      crm: esputnik({ auth: header('x-key', SECRET), timeZone: 'UTC' }),
      rotating: momentum({
        auth: token([
          { label: 'old', secret: OLD_SECRET },
          { label: 'new', secret: SECRET },
        ]),
      }),
      wide: momentum({ auth: header('x-key', WIDE_SECRET) }),
      open: momentum({ auth: unauthenticated() }),
      small: mailjet({ auth: unauthenticated(), limits: { bodyBytes: 1_000 } }),
    },
    logger: log,
    ...options,
  })
}

/** Registers the handlers of a site; without it, one handler takes everything. */
export type Handlers = (receiver: Site['receiver']) => unknown

export async function openSite(host: Host, options: object = {}, handlers?: Handlers): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-attacks-'))
  const log = rememberingLogger()
  const receiver = newReceiver(join(folder, 'inbox.db'), log, options)
  const events: AnyEvent[] = []
  if (handlers === undefined) receiver.on('*', { name: 'all' }, (event) => void events.push(event))
  else handlers(receiver)
  const subject = { receiver, handle: receiver.handle, source: 'shop' } as unknown as AdapterSubject // all a host takes
  const listening = await host.listen(subject)
  await receiver.start()
  const { port } = listening
  const memory = new Memory()

  function build(post: Post = {}): Buffer {
    const { source = 'shop', method = 'POST', path = `/webhooks/${source}`, credentials = true } = post
    const body = Buffer.from(post.body ?? good())
    memory.mayBeStored(post.stored ?? body)
    const own: [string, string][] = credentials
      ? [[...(CREDENTIALS[source] ?? CREDENTIALS.open!)] as const].map(([n, v]) => [n, v])
      : []
    const headers = [['Host', 'localhost'], ...own, ...(post.headers ?? []), ['Content-Length', String(body.length)]]
    const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n`, 'latin1'), body])
  }

  async function raw(bytes: string | Uint8Array, talkOptions: TalkOptions = {}): Promise<Talk> {
    const result = await talk(port, bytes, talkOptions)
    for (const answer of result.answers) memory.answered(answer)
    return result
  }

  async function send(post: Post = {}): Promise<Answer> {
    const { answers } = await raw(build(post), { answers: 1, head: post.method === 'HEAD' })
    return answers[0] ?? NO_ANSWER
  }

  async function stored(): Promise<string[]> {
    const found: string[] = []
    for await (const { id } of receiver.inbox.deliveries()) {
      if (memory.seen.has(id)) break
      found.push(id)
    }
    for (const id of found) {
      memory.seen.add(id)
      const delivery = await receiver.inbox.delivery(id)
      memory.check(id, delivery?.sha256 ?? '', (await delivery?.body()) ?? new Uint8Array())
    }
    return found
  }

  async function digest(source: string, body: string | Uint8Array): Promise<Digest> {
    const before = events.length
    const answer = await send({ source, body })
    const { id = '' }: { id?: string } = JSON.parse(answer.body)
    await receiver.whenIdle()
    const quarantined: Quarantined[] = []
    for await (const item of receiver.inbox.quarantine({ ids: [id] })) quarantined.unshift(item)
    return { answer, id, events: events.slice(before), quarantined }
  }

  async function stands(): Promise<void> {
    const answer = await send()
    expect(answer).toMatchObject({ status: 200 })
    expect(JSON.parse(answer.body)).toMatchObject({ status: 'accepted' })
    await receiver.whenIdle()
    await stored()
    memory.allAcceptedAreStored()
    expect(await receiver.health()).toMatchObject({ ready: true })
    for (const secret of [SECRET, OLD_SECRET, WIDE_SECRET]) expect(log.text()).not.toContain(secret)
  }

  async function close(): Promise<void> {
    await listening.close()
    await receiver.close({ timeoutMs: 0 })
    rmSync(folder, { recursive: true })
  }

  return {
    host,
    port,
    receiver,
    sockets: listening.sockets,
    events,
    log,
    build,
    send,
    raw,
    digest,
    stored,
    stands,
    close,
  }
}

const NO_ANSWER: Answer = { status: 0, headers: {}, body: '' }

/** A host's own words, and those of Node's parser, are not ours to check. */
const OWN_WORDS = new Map(Object.entries(ANSWERS).map(([code, { message }]) => [code, message as string]))

const hashOf = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** What was sent, what was answered, and what must follow from it. */
class Memory {
  readonly #sent = new Set<string>()
  readonly #accepted = new Set<string>()
  readonly seen = new Set<string>()

  mayBeStored(bytes: string | Uint8Array): void {
    this.#sent.add(hashOf(bytes))
  }

  /** An answer says what it may and nothing else. */
  answered({ status, body }: Answer): void {
    if (status === 200 && body !== '') {
      const said: { status: string; id?: string } = JSON.parse(body)
      expect(['accepted', 'duplicate', 'probe']).toContain(said.status)
      if (said.id !== undefined) this.#accepted.add(said.id)
    } else if (body.startsWith('{"error":"')) {
      const { error, message, ...more } = JSON.parse(body)
      // Fastify and Hono have words of their own for what never reached us.
      if (OWN_WORDS.has(error)) expect([message, more]).toEqual([OWN_WORDS.get(error), {}])
    }
  }

  /** Stored bytes are those of a body that was sent, under their own hash. */
  check(id: string, sha256: string, body: Uint8Array): void {
    expect(hashOf(body), id).toBe(sha256)
    expect(this.#sent, id).toContain(sha256)
  }

  /** Whatever was answered `accepted` or `duplicate` is there. */
  allAcceptedAreStored(): void {
    for (const id of this.#accepted) expect(this.seen).toContain(id)
  }
}

let posts = 0

/** A post of one event that no other post is equal to. */
export function good(): string {
  return `[{"msys":{"track_event":{"type":"click","rcpt_to":"jo@shop.example","event_id":"${++posts}"}}}]`
}
