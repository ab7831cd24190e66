/** The bodies of the senders' documents as they are printed, faults and all, posted to a receiver. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unauthenticated } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet } from 'posthorn/mailjet'
import { momentum } from 'posthorn/momentum'
import { afterEach, describe, expect, it } from 'vitest'
import type { AnyEvent } from '../../src/types.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { rememberingLogger } from '../support/log.ts'
import { send } from '../support/neutral.ts'
import { all, receiverIn } from '../support/receivers.ts'
import { sampleBodies, samplesFolder } from '../support/sample-bodies.ts'
import { PUBLISHED } from './published.ts'

const auth = unauthenticated()
const SOURCES = {
  momentum: momentum({ auth }),
  mailjet: mailjet({ auth }),
  esputnik: esputnik({ auth, timeZone: 'Europe/Kyiv' }),
}
type Sender = keyof typeof SOURCES

const open: { close(options?: object): Promise<unknown> }[] = []

afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
})

async function digest(sender: Sender, body: string) {
  const logger = rememberingLogger()
  const receiver = receiverIn(new FakeClock(), { sources: SOURCES, logger })
  open.push(receiver)
  const events: AnyEvent[] = []
  receiver.on('*', { concurrency: 1 }, (event) => void events.push(event))
  expect(await send(receiver, { target: `/hooks/${sender}`, body })).toMatchObject({ status: 200 })
  await receiver.whenIdle()
  const quarantined = (await all(receiver.inbox.quarantine())).sort((a, b) => Number(a.index) - Number(b.index))
  return { events, quarantined, logger }
}

const shown = (events: readonly AnyEvent[]) => events.map(({ name, type, effect }) => `${name} ${type} ${effect}`)
const payloads = (events: readonly AnyEvent[]) => events.map(({ payload }) => payload)

/** What the index of the samples says was mended in them, done again the other way. */
function printed(text: string, mended: string | RegExp, fault: string): string {
  const body = text.replaceAll(mended, fault)
  expect(body).not.toBe(text)
  return body
}

describe.skipIf(samplesFolder === undefined)('bodies as they are printed (POSTHORN_SAMPLES)', () => {
  const bodies = sampleBodies().filter(({ name }) => !name.includes('parse-api') && !name.startsWith('ping-'))
  const bodyOf = (name: string) => bodies.find((body) => body.name === name)?.text ?? expect.fail(`there is no ${name}`)

  it.each(bodies)('$name: every element is read', async ({ sender, name, text }) => {
    const { events, quarantined } = await digest(sender, text)
    expect(quarantined).toEqual([])
    expect(events).toHaveLength(PUBLISHED[name]?.length ?? -1)
  })

  it('eSputnik: the complete example prints mediaType without quotation marks, and all eight are read', async () => {
    const name = 'support-page_webhooks_all-statuses_legacy.json: all-statuses'
    const body = printed(bodyOf(name), /"mediaType":"(\w+)"/g, '"mediaType": $1')
    expect(() => JSON.parse(body)).toThrow(SyntaxError)
    const { events, quarantined, logger } = await digest('esputnik', body)
    expect(quarantined).toEqual([])
    expect(shown(events)).toEqual(PUBLISHED[name])
    expect(payloads(events)).toEqual(payloads((await digest('esputnik', bodyOf(name))).events))
    expect(logger.lines.filter(({ message }) => message.includes('without quotation marks'))).toHaveLength(1)
  })

  it('Mailjet: the bounce lacks a comma before "comment"', async () => {
    const body = printed(bodyOf('api-documentation_event-api.json: bounce'), ',"comment"', '"comment"')
    const at = body.indexOf('"comment"')
    const { quarantined } = await digest('mailjet', body)
    expect(quarantined).toMatchObject([
      { index: 0, reason: `the element is not JSON at byte ${at}: likely a missing comma` },
    ])
  })

  it('Momentum: the click has a line break in a text, or a trailing comma; the delivery beside it is read', async () => {
    const whole = bodyOf('documented-momentum4.json')
    const click = whole.lastIndexOf('"msys"')
    const broken = whole.slice(0, click) + printed(whole.slice(click), /(?<="user_agent": "[^"]{5})/g, '\n')
    const lineBreak = await digest('momentum', broken)
    expect(lineBreak.quarantined).toMatchObject([
      {
        index: 1,
        reason: `the element is not JSON at byte ${broken.indexOf('\n', broken.indexOf('"user_agent"'))}: likely a line break or another control character inside a text`,
      },
    ])
    const comma = whole.slice(0, click) + printed(whole.slice(click), /(?<=\S)(?=\s*\}\s*\}\s*\}\s*\]\s*$)/g, ',')
    const trailing = await digest('momentum', comma)
    expect(trailing.quarantined).toMatchObject([
      { index: 1, reason: `the element is not JSON at byte ${comma.lastIndexOf(',')}: likely a trailing comma` },
    ])
    for (const { events } of [lineBreak, trailing]) expect(shown(events)).toEqual(['momentum.delivery delivered none'])
  })

  it('SparkPost: the answer of the samples endpoint is no post, and says so', async () => {
    const results = readFileSync(join(String(samplesFolder), 'momentum', 'documented-2026-live-samples.json'), 'utf8')
    const { events, quarantined } = await digest('momentum', `{"results":${results}}`)
    expect(events).toEqual([])
    expect(quarantined).toEqual([
      expect.objectContaining({ index: 0, path: '/results', reason: expect.stringContaining('an answer of the API') }),
    ])
  })

  it('Yespo: typographic quotation marks, as text copied from a page has, hold back their elements alone', async () => {
    const text = bodyOf('yespo-docs_webhooks-for-tracking-activity.json: bulk-campaign')
    const end = text.indexOf('},{')
    const body = `[${printed(text.slice(1, end), /"([^"]*)"/g, '“$1”')}${text.slice(end)}`
    const { events, quarantined } = await digest('esputnik', body)
    expect(events.map(({ delivery }) => delivery.index)).toEqual([1, 2, 3])
    expect(quarantined).toMatchObject([
      { index: 0, reason: 'the element is not JSON at byte 2: likely typographic quotation marks in the place of "' },
    ])
  })
})
