/**
 * A receiver with the default logger, in a process of its own, that is told secrets and addresses in every way there
 * is. What it writes to stdout and stderr is its own log and the log of nobody else; over IPC it tells what can be seen
 * of it in other ways: answers, channels, metrics, headers of record, errors, and what `inspect` shows.
 */
import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { webhooks } from '../../src/adapters/node.ts'
import { anyOf, basic, bearer, custom, header, jwt, path, query, token } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { PermanentError } from '../../src/errors.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { esputnik } from '../../src/providers/esputnik/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { momentum, sparkpost } from '../../src/providers/momentum/index.ts'
import { AUDIENCE, ISSUER, jwks, newKey, newToken } from '../support/jwt.ts'
import { ADDRESS, everyEvent, SECRETS } from './harness/canaries.ts'
import { talk } from './harness/talk.ts'

const seen: string[] = []
const note = (what: string, value: unknown) =>
  void seen.push(`${what}: ${inspect(value, { depth: 12, showHidden: true })}`)
for (const name of ['accepted', 'duplicate', 'rejected', 'settled', 'paused'])
  channel(`posthorn:${name}`).subscribe((event) => note(name, event))

const folder = mkdtempSync(join(tmpdir(), 'posthorn-canary-'))
const { word, password, key, wish, carrier, lane } = SECRETS
const signing = newKey('ES256')
const signed = newToken(signing, Date.now(), { claims: { sub: ADDRESS, email: ADDRESS } })
const options = {
  inbox: sqlite({ path: join(folder, 'inbox.db') }),
  sources: {
    shop: momentum({ auth: anyOf(token(word), bearer(carrier)) }),
    cloud: sparkpost({ auth: query('key', wish) }),
    news: mailjet({ auth: basic({ username: 'mj', password }) }),
    crm: esputnik({ auth: header('x-key', [{ label: 'first', secret: key }]) }),
    old: esputnik({ auth: path(lane), timeZone: 'UTC' }),
    issued: sparkpost({ auth: jwt({ issuer: ISSUER, audience: AUDIENCE, keys: jwks(signing) }) }),
    own: mailjet({
      auth: custom(() => {
        throw new Error(`no secret but ${word}, says ${ADDRESS}`)
      }),
    }),
  },
  handlers: { retry: { attempts: 2, minMs: 1 } },
  hooks: {
    rejected: (rejection: object) => note('rejected', rejection),
    quarantined: (item: object) => note('quarantined', item),
    unhandled: (item: object) => note('unhandled', item),
    failed() {
      throw new Error(`a hook about ${ADDRESS}`)
    },
  },
}
const receiver = createReceiver(options)
receiver.on(['clicked', 'opened', 'bounced'], { name: 'fails' }, ({ email }) => {
  throw Object.assign(new Error(`cannot write ${email}`), { code: email, cause: email })
})
receiver.onBatch('delivered', { name: 'gathers', maxWaitMs: 0 }, (events) => {
  throw new PermanentError(`cannot write ${events.map(({ email }) => email).join()}`)
})
await receiver.start()
const server = createServer(webhooks(receiver, { prefix: '/webhooks' })).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo // it listens on a port by now

const credentials: Record<string, string> = {
  shop: `X-MessageSystems-Webhook-Token: ${word}`,
  news: `Authorization: Basic ${Buffer.from(`mj:${password}`).toString('base64')}`,
  crm: `X-Key: ${key}`,
  cloud: 'X-Nothing: at-all',
  old: 'X-Nothing: at-all',
  issued: `Authorization: Bearer ${signed}`,
  own: `X-Key: ${key}`,
}
const PATHS: Record<string, string> = { cloud: `cloud?key=${wish}`, old: `${lane}/old` }
const pathOf = (source: string) => `/webhooks/${PATHS[source] ?? source}`

async function post(source: string, lines: readonly string[], body: string | Uint8Array): Promise<void> {
  const head = [`POST ${pathOf(source)} HTTP/1.1`, 'Host: localhost', `User-Agent: sender`, `Cookie: session=${word}`]
  const rest = [...lines, `Content-Length: ${body.length}`]
  const bytes = Buffer.concat([Buffer.from(`${[...head, ...rest].join('\r\n')}\r\n\r\n`), Buffer.from(body)])
  const { answers } = await talk(port, bytes, { answers: 1 })
  note('answer', answers)
}

for (const source of Object.keys(credentials)) {
  const good = credentials[source]!
  for (const body of everyEvent(source)) {
    await post(source, [good], body)
    await post(source, [good], body.slice(0, -1))
    await post(source, [good], body.replace('":"', '":'))
    await post(source, [good, 'Content-Encoding: gzip'], gzipSync(body))
    await post(source, [good, 'Content-Encoding: gzip'], body)
  }
  // Near misses: what came must not be shown either.
  await post(source, [good.replace(/.$/, 'x')], ADDRESS)
  await post(source, [good, good, `X-Forwarded-For: ${ADDRESS}`], ADDRESS)
  await post(source, [good, `Content-Type: a; charset=${word}`], ADDRESS)
  await post(source, [good, `Content-Encoding: ${word}`], ADDRESS)
  await post(`${source}/${word}`, [good], ADDRESS)
}
await receiver.whenIdle()
for await (const delivery of receiver.inbox.deliveries())
  note('headers', (await receiver.inbox.delivery(delivery.id))?.headers)
for await (const item of receiver.inbox.quarantine()) note('quarantine', item)
note('metrics', receiver.metrics())
note('health', await receiver.health())
note('options', options)
note('receiver', receiver)
note('JSON', JSON.stringify(options))

/** What a start that fails says. */
for (const auth of [
  () => token({ env: 'POSTHORN_TEST_UNSET' }),
  () => token(() => Promise.reject(new Error(`no secret but ${word}`))),
  () => token(() => `${word}\n`),
  () => header(`${word} `, 'x-key'),
  () => basic({ username: `a:${password}`, password }),
  () => basic({ username: () => `a:${password}`, password }),
])
  try {
    await createReceiver({ inbox: memory(), sources: { shop: momentum({ auth: auth() }) }, logger: false }).start()
  } catch (error) {
    note('error', (error as Error).message)
  }

await receiver.close({ timeoutMs: 1_000 })
server.close()
rmSync(folder, { recursive: true })
process.send?.({ seen, traces: [signed, ...signed.split('.').slice(1)] })
