import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FILTERS, OPTIONS } from '../../../src/core/operate/filters.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import type { InboxControl, Receiver } from '../../../src/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { misspelt } from '../../support/misspelt.ts'
import { send } from '../../support/neutral.ts'
import { all, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const START = new Date(Date.UTC(2026, 5, 15))
let clock: FakeClock
const receivers: Receiver<never>[] = []

beforeEach(() => {
  clock = new FakeClock(+START)
})

afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close()
})

type Verb = keyof typeof FILTERS

/** Whatever the verb gives, to its end. */
function call(inbox: InboxControl, verb: Verb, filter: unknown, options?: unknown): Promise<unknown> {
  const method = inbox[verb] as (...args: unknown[]) => AsyncIterable<unknown> | Promise<unknown>
  const about = { message: ['m-1'], person: ['jo@shop.example'] }[verb as 'message'] ?? []
  const result = method.call(inbox, ...about, filter, options)
  return Symbol.asyncIterator in result ? all(result) : result
}

function newReceiver(inbox = memory(), sources = { shop: toy(), outlet: toy() }, handlers = ['fails', 'works']) {
  const receiver = receiverIn(clock, { inbox, sources, handlers: { retry: { attempts: 1 } } })
  for (const name of handlers)
    receiver.on('*', { name }, () => {
      if (name === 'fails') throw new Error('no')
    })
  receivers.push(receiver as unknown as Receiver<never>)
  return receiver
}

/** One dead letter, one element in quarantine. */
async function used(inbox = memory()) {
  const receiver = newReceiver(inbox)
  await send(receiver, { body: '[{"type":"ping"},{"bad":1}]' })
  await receiver.whenIdle()
  return receiver
}

const said = { retry: { all: true }, drop: { all: true }, replay: { all: true }, reparse: { all: true } }
const person = { email: 'jo@shop.example' }
/** A filter that each verb takes. */
const good = (verb: Verb): object =>
  ({ ...said, export: person, erase: person, events: { since: START } })[verb as keyof typeof said] ?? {}
const VERBS = Object.keys(FILTERS) as Verb[]
const ACTING = Object.keys(OPTIONS) as (keyof typeof OPTIONS)[]
const refused = (...words: string[]) => ({
  code: 'ERR_OPTION',
  name: 'OptionError',
  message: { asymmetricMatch: (text: string) => words.every((word) => text.includes(word)) },
})

describe.each(VERBS)('the filter of %s', (verb) => {
  it('has no field but its own: each misspelling is refused, with what was meant', async () => {
    const { inbox } = await used()
    const fields = Object.keys(FILTERS[verb])
    for (const field of fields)
      for (const wrong of misspelt(field, fields))
        await expect(call(inbox, verb, { ...good(verb), [wrong]: 'a' }), wrong).rejects.toMatchObject({
          code: 'ERR_OPTION',
          message: expect.stringContaining(`has no option "${wrong}"; did you mean "${field}"?`),
        })
    await expect(call(inbox, verb, { ...good(verb), zzzzzzzzzzzz: 1 })).rejects.toMatchObject(
      refused(`it takes ${fields.join(', ')}`),
    )
  })

  it('takes no undefined in the place of a value, and no value of another kind', async () => {
    const { inbox } = await used()
    for (const field of Object.keys(FILTERS[verb]))
      for (const value of [undefined, null, Symbol('x'), {}, new Date(Number.NaN), Number.NaN])
        await expect(call(inbox, verb, { ...good(verb), [field]: value })).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  it.each([null, 'shop', 7, [], () => {}, Promise.resolve({})])('is an object, not %s', async (filter) => {
    const { inbox } = await used()
    await expect(call(inbox, verb, filter)).rejects.toMatchObject(refused(`inbox.${verb}`, 'takes an object'))
  })
})

describe.each(ACTING)('the options of %s', (verb) => {
  it('are its own: each misspelling is refused before anything is done', async () => {
    const { inbox } = await used()
    const before = await inbox.stats()
    const options = Object.keys(OPTIONS[verb])
    for (const option of options)
      for (const wrong of misspelt(option, options))
        await expect(call(inbox, verb, good(verb), { [wrong]: true }), wrong).rejects.toMatchObject({
          code: 'ERR_OPTION',
          message: expect.stringContaining(`did you mean "${option}"?`),
        })
    expect(await inbox.stats()).toEqual(before)
  })

  it('have values of their kind', async () => {
    const { inbox } = await used()
    for (const option of Object.keys(OPTIONS[verb]))
      for (const value of [null, Symbol('x'), {}, Number.NaN])
        await expect(call(inbox, verb, good(verb), { [option]: value })).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(call(inbox, verb, good(verb), { dryRun: undefined })).rejects.toMatchObject(refused('true or false'))
    await call(inbox, verb, good(verb), { ratePerSecond: undefined, signal: undefined })
  })
})

describe('everything', () => {
  it.each(['retry', 'drop', 'replay', 'reparse'] as const)('is said in words to %s', async (verb) => {
    const { inbox } = await used()
    for (const nothing of [{}, undefined])
      await expect(call(inbox, verb, nothing)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(call(inbox, verb, {})).rejects.toMatchObject(refused('{ all: true }'))
    await expect(call(inbox, verb, { all: false })).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(call(inbox, verb, { all: true, source: 'shop' })).rejects.toMatchObject(refused('source'))
    expect(await inbox.stats()).toMatchObject({ deadLetters: 1, quarantined: 1, cancelled: 0 })
  })

  it('is dead letters and quarantine, once it is said', async () => {
    const { inbox } = await used()
    expect(await inbox.drop({ all: true })).toEqual({ matched: 2, queued: 2 })
  })

  it('is not what quarantine has none of', async () => {
    const { inbox } = await used()
    for (const field of [{ handler: 'fails' }, { name: 'toy.ping' }, { run: 'r_a' }])
      await expect(inbox.retry({ outcome: 'quarantined', ...field } as never)).rejects.toMatchObject(
        refused('quarantine has no'),
      )
  })
})

describe('a name in a filter', () => {
  const taking = (field: string) => VERBS.filter((verb) => field in FILTERS[verb])

  it.each(taking('source'))('is of a source that somebody knows: %s', async (verb) => {
    const { inbox } = await used()
    const filter = { ...(verb === 'export' || verb === 'erase' ? person : {}), source: 'shoop' }
    await expect(call(inbox, verb, filter)).rejects.toMatchObject(refused('"shoop"', 'did you mean "shop"?'))
  })

  it.each(taking('handler'))('is of a handler that somebody knows: %s', async (verb) => {
    const { inbox } = await used()
    await expect(call(inbox, verb, { handler: 'wroks' })).rejects.toMatchObject(refused('did you mean "works"?'))
  })

  it.each(taking('name'))('is of an event that a source sends: %s', async (verb) => {
    const { inbox } = await used()
    const filter = { name: 'toy.pign', since: START }
    await expect(call(inbox, verb, filter)).rejects.toMatchObject(refused('did you mean "toy.ping"?'))
  })

  it.each(['pause', 'resume'] as const)('is of a handler that somebody knows: %s', async (verb) => {
    const { inbox } = await used()
    await expect(inbox[verb]('fail')).rejects.toMatchObject(refused('did you mean "fails"?'))
    await expect(inbox[verb](undefined as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    expect(await inbox.stats()).toMatchObject({ paused: [] })
    await inbox[verb]('works')
  })

  it('may be that of a handler, or a source, that is gone and has left something', async () => {
    const store = memory()
    await (await used(store)).close()
    const { inbox } = newReceiver(store, { outlet: toy() } as never, ['works'])
    expect(await all(inbox.deadLetters({ source: 'shop', handler: 'fails', name: 'unknown.unknown' }))).toHaveLength(1)
    expect(await all(inbox.deliveries({ source: 'shop' }))).toHaveLength(1)
    await inbox.pause('fails')
    expect(await inbox.drop({ handler: 'fails' })).toEqual({ matched: 1, queued: 1 })
    expect(await inbox.drop({ source: 'shop' })).toEqual({ matched: 1, queued: 1 })
    await expect(inbox.drop({ source: 'market' })).rejects.toMatchObject(refused('there are outlet'))
  })
})

it('takes the ids that each look is for', async () => {
  const { inbox } = await used()
  const [{ id } = { id: '' }] = await all(inbox.deliveries())
  for (const wrong of [undefined, null, 7, Symbol('x'), '', 'nonsense', { id }]) {
    await expect(inbox.delivery(wrong as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(inbox.event(wrong as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  }
  await expect(inbox.delivery(`${id}.0`)).rejects.toMatchObject(refused(`a delivery, ${id}`))
  await expect(inbox.event(id)).rejects.toMatchObject(refused(`an event, ${id}.0`))
  expect(await inbox.delivery('d_aaaa')).toBeNull()
  expect(await inbox.event('d_aaaa.0')).toBeNull()
})
