/** Checked by the compiler, never run: what `posthorn/read` takes and gives. */
import type { IncomingMessage } from 'node:http'
import { unauthenticated } from 'posthorn/auth'
import { type EsputnikEvent, esputnik } from 'posthorn/esputnik'
import { mailjet } from 'posthorn/mailjet'
import { type MomentumEvent, momentum } from 'posthorn/momentum'
import { type HeadersLike, type ReadResult, read, type UnreadableElement, verify } from 'posthorn/read'
import { sparkpost } from 'posthorn/sparkpost'
import { z } from 'zod'

/** Compiles only when both types are the same, and neither is `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type IsAny<T> = 0 extends 1 & T ? true : false
const is = <_T extends true>(): void => {}
const isNot = <_T extends false>(): void => {}

const auth = unauthenticated()
const sources = { shop: momentum({ auth }), cloud: sparkpost({ auth }), crm: esputnik({ auth }) }

const { events, unreadable } = read(sources.shop, new Uint8Array())
is<Same<typeof events, readonly MomentumEvent[]>>()
is<Same<typeof unreadable, readonly UnreadableElement[]>>()
is<Same<(typeof unreadable)[number]['index'], number | null>>()
for (const event of events) {
  isNot<IsAny<typeof event>>()
  if (event.name === 'momentum.click') event.payload.target_link_url satisfies string | undefined
  // @ts-expect-error a misspelt field does not compile
  if (event.name === 'momentum.click') event.payload.target_link_ulr
}

// One of several sources gives the events of any of them.
declare const name: keyof typeof sources
is<Same<ReturnType<typeof read<(typeof sources)[typeof name]>>, ReadResult<MomentumEvent | EsputnikEvent>>>()
read(sources[name], '[]').events satisfies readonly (MomentumEvent | EsputnikEvent)[]

const [typed] = read(mailjet({ auth, metadata: z.object({ order: z.number() }) }), new ArrayBuffer(0)).events
if (typed?.metadataIssues === null) is<Same<typeof typed.metadata.order, number>>()

declare const node: IncomingMessage
declare const request: Request
const forms: HeadersLike[] = [
  node.headers,
  node.rawHeaders,
  request.headers,
  [['a', 'b']],
  new Map([['a', 'b']]),
  { a: 'b' },
]
const verdict = await verify(sources.shop, forms[0] ?? [], { url: 'https://host.example/shop', peer: '192.0.2.1' })
if (verdict.ok) is<Same<typeof verdict.credential, string | null>>()
else is<Same<[typeof verdict.reason, typeof verdict.unavailable], [string, boolean]>>()
read(sources.crm, '[]', { source: 'crm', headers: node.rawHeaders, receivedAt: new Date() })

// @ts-expect-error a body is bytes or text
read(sources.shop, [{ msys: {} }])
// @ts-expect-error a source is made by a factory
read('momentum', '[]')
// @ts-expect-error a misspelt option
read(sources.shop, '[]', { recievedAt: new Date() })
// @ts-expect-error headers are no text
verify(sources.shop, 'x: y')
// @ts-expect-error headers are no numbers
verify(sources.shop, { x: 1 })
