/** Verbs: first what they would do, then no more than that, in somebody's name. */
import { afterEach, describe, expect, it } from 'vitest'
import { memory } from '../../src/inboxes/memory/index.ts'
import { PermanentError } from '../../src/index.ts'
import { deskDoor, port, watchDoor } from '../../src/lib/symbols.ts'
import type { Access, BoardAnswer } from '../../src/ports/board.ts'
import type { Command } from '../../src/ports/inbox/operations.ts'
import { Asking, endAll, gathered, locationOf, OWN, receiving } from './kit.ts'

afterEach(endAll)

const jo = (...act: NonNullable<Access['act']>): { access: Access } => ({ access: { who: 'jo', act } })

/** A receiver with so many dead letters of the handler "mailer". */
async function withDead(count: number) {
  const acts: object[] = []
  const parts = await receiving({ acted: (act) => void acts.push(act) })
  let isDown = true
  const { receiver } = parts
  receiver.on('toy.ping', { name: 'mailer' }, () => {
    if (isDown) throw new PermanentError('the database of jo@shop.example is down')
  })
  const inject = async (n: number) => {
    await receiver.inject(
      'shop',
      Array.from({ length: n }, (_, at) => ({ type: 'ping', to: `u${at}@shop.example` })),
    )
    await receiver.whenIdle()
  }
  await inject(count)
  const mend = () => {
    isDown = false
  }
  return { ...parts, ...new Asking(receiver), board: new Asking(receiver), acts, inject, mend }
}

const deadOf = async (receiver: { inbox: { stats(): Promise<{ deadLetters: number }> } }) =>
  (await receiver.inbox.stats()).deadLetters

it('shows what would be done, does it with the count and the token, and notes who did it', async () => {
  const { board, receiver, mend, acts } = await withDead(3)
  mend()
  const filter = { filter: 'handler:mailer' }
  const { status, plan } = await board.plan('do=retry', filter, jo('retry'))
  expect(status).toBe(200)
  expect(plan).toMatchObject({ verb: 'retry', filter: 'handler:mailer', matched: 3, before: null, confirm: null })
  expect(await deadOf(receiver)).toBe(3)
  const form = { ...filter, ...plan.fields, matched: '3', token: plan.token }
  const run = locationOf(await board.post('do=retry', form, jo('retry'))).get('run')
  const { json } = await board.json(`view=run&run=${run}`, jo())
  expect(json.data).toMatchObject({ verb: 'retry', state: 'done', matched: 3, done: 3, error: null })
  await receiver.whenIdle()
  expect(await deadOf(receiver)).toBe(0)
  expect(acts).toEqual([{ who: 'jo', verb: 'retry', filter: 'handler:mailer', matched: 3, queued: 3 }])
  expect(await receiver.inbox.actions()).toMatchObject([{ who: 'jo', verb: 'retry', matched: 3, queued: 3 }])
})

it('asks again when more matches than was shown: 409, and nothing is done', async () => {
  const { board, receiver, inject } = await withDead(2)
  const filter = { filter: 'handler:mailer' }
  const { plan } = await board.plan('do=drop', filter, jo('drop'))
  await inject(1)
  const form = { ...filter, matched: '2', token: plan.token, confirm: '2' }
  const again = await board.plan('do=drop', form, jo('drop'))
  expect(again.status).toBe(409)
  expect(again.plan).toMatchObject({ matched: 3, before: 2, confirm: '3' })
  expect(await deadOf(receiver)).toBe(3)
  const good = { ...filter, matched: '3', token: again.plan.token, confirm: '3' }
  locationOf(await board.post('do=drop', good, jo('drop')))
  expect(await deadOf(receiver)).toBe(0)
})

/** Runs `meanwhile` between the count of a confirmed verb and what it does: at the first command to the inbox. */
function whenItActs({ inbox }: Awaited<ReturnType<typeof withDead>>, meanwhile: () => Promise<unknown>): void {
  const { carryOut } = inbox[port]
  let isFirst = true
  inbox[port].carryOut = (async (command: Command) => {
    if (isFirst && command.kind === 'drop') {
      isFirst = false
      await meanwhile()
    }
    return carryOut.call(inbox[port], command)
  }) as typeof carryOut
}

it('is bound by the count when it acts: what fails in between is left', async () => {
  const parts = await withDead(2)
  const { board, receiver, inject } = parts
  const filter = { filter: 'handler:mailer' }
  const { plan } = await board.plan('do=drop', filter, jo('drop'))
  whenItActs(parts, () => inject(1))
  const form = { ...filter, matched: '2', token: plan.token, confirm: '2' }
  const run = locationOf(await board.post('do=drop', form, jo('drop'))).get('run')
  expect((await board.json(`view=run&run=${run}`, jo())).json.data).toMatchObject({
    state: 'done',
    matched: 2,
    done: 2,
  })
  expect(await deadOf(receiver)).toBe(1)
})

it('counts once for a form that was confirmed: what was shown is handed to the verb as its bound', async () => {
  const { board, receiver } = await withDead(2)
  const calls: object[] = []
  const { as } = receiver[deskDoor]
  const spied = {
    ...receiver[deskDoor],
    as: (who: string) => {
      const control = as(who)
      const drop = (...given: Parameters<typeof control.drop>) => {
        calls.push(given[1] ?? {})
        return control.drop(...given)
      }
      return { ...control, drop }
    },
  }
  const other = new Asking({ [deskDoor]: spied, [watchDoor]: receiver[watchDoor] } as never)
  const filter = { filter: 'handler:mailer' }
  const { plan } = await board.plan('do=drop', filter, jo('drop'))
  await other.post('do=drop', { ...filter, matched: '2', token: plan.token, confirm: '2' }, jo('drop'))
  expect(calls).toMatchObject([{ dryRun: false, atMost: 2 }])
})

it.each(['', '1', '2 ', 'two', '02'])('drops nothing when %j is typed in the place of the count', async (confirm) => {
  const { board, receiver } = await withDead(2)
  const filter = { filter: 'handler:mailer' }
  const { plan } = await board.plan('do=drop', filter, jo('drop'))
  const { status } = await board.post('do=drop', { ...filter, matched: '2', token: plan.token, confirm }, jo('drop'))
  expect(status).toBe(confirm.trim() === '2' ? 303 : 409)
  expect(await deadOf(receiver)).toBe(confirm.trim() === '2' ? 0 : 2)
})

describe('rights', () => {
  it.each(['retry', 'replay', 'reparse', 'drop', 'pause', 'resume', 'prune', 'erase'] as const)(
    'asks for %s to %s, and implies none of the others',
    async (verb) => {
      const { board } = await withDead(1)
      const others = (['retry', 'replay', 'reparse', 'drop', 'pause', 'resume', 'prune', 'erase'] as const).filter(
        (one) => one !== verb,
      )
      const key = keyIn(locationOf(await board.post('search', { q: 'u0@shop.example' }, jo())))
      const filter = { filter: verb === 'pause' || verb === 'resume' ? 'mailer' : verb === 'erase' ? key : 'since:1d' }
      for (const access of [{ who: 'jo' }, { who: 'jo', act: others, people: 'clear', bytes: true }])
        expect(await board.plan(`do=${verb}`, filter, { access })).toMatchObject({ status: 403, error: 'no_right' })
      expect(await board.plan(`do=${verb}`, filter, jo(verb))).toMatchObject({ status: 200, plan: { verb } })
    },
  )
})

const keyIn = (location: URLSearchParams) => location.get('key') ?? ''

describe('two tabs', () => {
  const runOf = (answer: BoardAnswer) => locationOf(answer).get('run')

  it('with one form run it once: who sends it again is led to its run', async () => {
    const { board, receiver, mend } = await withDead(3)
    mend()
    const replay = { filter: 'since:6h', to: 'mailer' }
    const { plan } = await board.plan('do=replay', replay, jo('replay'))
    const form = { ...replay, ...plan.fields, matched: String(plan.matched), token: plan.token }
    const send = () => board.post('do=replay', form, jo('replay'))
    const runs = (await Promise.all([send(), send()])).map(runOf)
    await receiver.whenIdle()
    runs.push(runOf(await send()))
    expect(new Set(runs).size).toBe(1)
    const actions = await receiver.inbox.actions()
    expect(actions).toMatchObject([{ verb: 'replay', matched: 3, queued: 3 }])
    // Another look is another form.
    const again = (await board.plan('do=replay', replay, jo('replay'))).plan
    expect(again.matched).toBe(plan.matched)
    expect(runs).not.toContain(runOf(await board.post('do=replay', { ...form, token: again.token }, jo('replay'))))
  })

  it.each(['retry', 'drop'] as const)(
    'that %s the same at once: each says what it has changed, together no more than there was',
    async (verb) => {
      const { board, receiver, mend } = await withDead(3)
      mend()
      const filter = { filter: 'handler:mailer outcome:dead' }
      const plans = await Promise.all([1, 2].map(() => board.plan(`do=${verb}`, filter, jo(verb))))
      const answers = await Promise.all(
        plans.map(({ plan }) =>
          board.post(`do=${verb}`, { ...filter, matched: '3', confirm: '3', token: plan.token }, jo(verb)),
        ),
      )
      const done = await Promise.all(
        answers.map(async (answer) => (await board.json(`view=run&run=${runOf(answer)}`, jo())).json.data),
      )
      expect(done.map(({ state }) => state)).toEqual(['done', 'done'])
      expect(done.reduce((sum, one) => sum + one.done, 0)).toBe(3)
      await receiver.whenIdle()
      expect(await deadOf(receiver)).toBe(0)
    },
  )

  it('of which one says more than there is left get what was done', async () => {
    const { board, mend } = await withDead(2)
    mend()
    const filter = { filter: 'handler:mailer outcome:dead' }
    const plans = await Promise.all([1, 2].map(() => board.plan('do=drop', filter, jo('drop'))))
    for (const [at, { plan }] of plans.entries()) {
      const form = { ...filter, matched: '2', confirm: '2', token: plan.token }
      const run = runOf(await board.post('do=drop', form, jo('drop')))
      expect((await board.json(`view=run&run=${run}`, jo())).json.data).toMatchObject({
        state: 'done',
        done: at === 0 ? 2 : 0,
      })
    }
  })
})

it('erases a person by key, with the count typed in, and leaves no address in what is noted', async () => {
  const { board, receiver, acts, logger } = await withDead(3)
  const key = keyIn(locationOf(await board.post('search', { q: 'U1@shop.example' }, jo())))
  const { plan } = await board.plan('do=erase', { filter: key }, jo('erase'))
  expect(plan).toMatchObject({ matched: 1, confirm: '1', filter: key })
  expect(JSON.stringify(plan)).not.toContain('u1')
  const form = { filter: key, matched: '1', token: plan.token }
  expect((await board.post('do=erase', form, jo('erase'))).status).toBe(409)
  const run = locationOf(await board.post('do=erase', { ...form, confirm: '1' }, jo('erase'))).get('run')
  const { json } = await board.json(`view=run&run=${run}`, jo())
  expect(json.data).toMatchObject({ state: 'done', matched: 1, done: 1, filter: 'a person' })
  expect(await gathered(receiver.inbox.person('u1@shop.example'))).toEqual([])
  expect(await gathered(receiver.inbox.person('u2@shop.example'))).toHaveLength(1)
  const noted = JSON.stringify([
    acts,
    await receiver.inbox.actions(),
    logger.lines.filter(({ facts }) => /dashboard/.test(JSON.stringify(facts))),
  ])
  expect(noted).toContain('erase')
  expect(noted).not.toContain('u1@')
  expect(noted).not.toContain(key)
})

it('replays to handlers that are named, and says what could not be read', async () => {
  const { board, receiver, mend } = await withDead(2)
  mend()
  const wish = { filter: 'since:1d', to: 'mailer', rate: '1000' }
  const { plan } = await board.plan('do=replay', wish, jo('replay'))
  expect(plan).toMatchObject({ matched: 2, fields: { to: 'mailer', rate: '1000' }, counts: { unreadable: 0 } })
  const others = { ...wish, to: 'other', matched: '2', token: plan.token }
  expect((await board.post('do=replay', others, jo('replay'))).status).toBe(403)
  const faster = { ...wish, rate: '2000', matched: '2', token: plan.token }
  expect((await board.post('do=replay', faster, jo('replay'))).status).toBe(403)
  locationOf(await board.post('do=replay', { ...wish, matched: '2', token: plan.token }, jo('replay')))
  await receiver.whenIdle()
  expect((await receiver.metrics()).handled).toBe(2)
})

it('stops a run that is under way, by its token, for whoever has the right of its verb', async () => {
  const { board, receiver } = await withDead(50)
  const wish = { filter: 'handler:mailer', rate: '5' }
  const { plan } = await board.plan('do=retry', wish, jo('retry'))
  const run =
    locationOf(await board.post('do=retry', { ...wish, matched: '50', token: plan.token }, jo('retry'))).get('run') ??
    ''
  expect((await board.json(`view=run&run=${run}`, jo())).json.data.state).toBe('running')
  expect((await board.post('do=stop', { run, token: 'none' }, jo('retry'))).status).toBe(403)
  const { json } = await board.json(`view=stop&run=${run}`, jo('retry'))
  expect(json.view).toBe('stop')
  const token = json.data.token
  expect((await board.post('do=stop', { run, token }, jo('drop'))).status).toBe(403)
  locationOf(await board.post('do=stop', { run, token }, jo('retry')))
  await expect.poll(async () => (await board.json(`view=run&run=${run}`, jo())).json.data.state).toBe('stopped')
  // What was retried has to die again.
  await expect.poll(() => deadOf(receiver)).toBeGreaterThan(0)
})

it('tells how far a run is, and goes on with the rest of one that was stopped, by the form it gives', async () => {
  const { board, receiver, mend } = await withDead(250)
  mend()
  const wish = { filter: 'handler:mailer', rate: '1' }
  const { plan } = await board.plan('do=retry', wish, jo('retry'))
  const form = { ...wish, matched: '250', token: plan.token }
  const run = locationOf(await board.post('do=retry', form, jo('retry'))).get('run') ?? ''
  const { json } = await board.json(`view=run&run=${run}`, jo())
  expect(json.data).toMatchObject({ state: 'running', matched: 250, again: null })
  expect(json.data.done).toBeGreaterThanOrEqual(100)
  expect(json.data.done).toBeLessThan(250)
  const { token } = (await board.json(`view=stop&run=${run}`, jo('retry'))).json.data
  locationOf(await board.post('do=stop', { run, token }, jo('retry')))
  const stopped = async () => (await board.json(`view=run&run=${run}`, jo())).json.data
  await expect.poll(async () => (await stopped()).state).toBe('stopped')
  const { again, done } = await stopped()
  expect(again).toEqual({ filter: 'handler:mailer', fields: { rate: '1' } })
  const rest = { filter: again.filter }
  const { plan: second } = await board.plan('do=retry', rest, jo('retry'))
  expect(second.matched).toBe(250 - done)
  locationOf(
    await board.post('do=retry', { ...rest, matched: String(second.matched), token: second.token }, jo('retry')),
  )
  expect(await deadOf(receiver)).toBe(0)
})

it('goes on with a replay that was stopped from where it has come to, and names it, so that it can be given up', async () => {
  const { board, receiver, inject } = await withDead(1)
  for (const size of [2, 3, 4]) await inject(size)
  await receiver.inbox.pause('mailer')
  const wish = { filter: 'source:shop since:1d', rate: '1' }
  const { plan } = await board.plan('do=replay', wish, jo('replay'))
  const form = { ...wish, matched: String(plan.matched), token: plan.token }
  const run = locationOf(await board.post('do=replay', form, jo('replay'))).get('run') ?? ''
  const { token } = (await board.json(`view=stop&run=${run}`, jo('replay'))).json.data
  locationOf(await board.post('do=stop', { run, token }, jo('replay')))
  const stopped = async () => (await board.json(`view=run&run=${run}`, jo())).json.data
  await expect.poll(async () => (await stopped()).state).toBe('stopped')
  const { again, replay, done } = await stopped()
  // By its place in the log, which no clock has a part in.
  const after = expect.stringMatching(/^d_[a-z2-7]+$/)
  expect(again).toEqual({ filter: 'source:shop since:1d', fields: { rate: '1', after } })
  expect((await receiver.inbox.stats()).replays[replay]).toBeGreaterThan(0)
  expect((await board.plan('do=drop', { filter: `run:${replay}` }, jo('drop'))).plan.matched).toBeGreaterThan(0)
  const { filter, fields } = again
  const rest = (await board.plan('do=replay', { filter, ...fields }, jo('replay'))).plan
  expect(rest.matched).toBeLessThan(plan.matched)
  expect(rest.matched + done).toBeGreaterThanOrEqual(plan.matched)
  // Its token is that of the rest, and of nothing else.
  const whole = { filter, rate: '1', matched: String(rest.matched), token: rest.token }
  expect((await board.post('do=replay', whole, jo('replay'))).status).toBe(403)
  locationOf(await board.post('do=replay', { ...whole, ...fields }, jo('replay')))
})

it('answers 400 to a wish that is none, with what is wrong', async () => {
  const { board } = await withDead(1)
  const all = jo('retry', 'drop', 'pause', 'erase', 'replay')
  const wrong: [string, Record<string, string>][] = [
    ['do=retry', {}],
    ['do=explode', { filter: 'since:1d' }],
    ['do=constructor', { filter: 'since:1d' }],
    ['do=retry', { filter: 'handlr:mailer' }],
    ['do=retry', { filter: 'handler:nobody' }],
    ['do=pause', { filter: 'nobody' }],
    ['do=erase', { filter: 'not-a-key' }],
    ['do=retry', { filter: 'handler:mailer', all: '1' }],
    ['do=erase', { all: '1' }],
    ['do=replay', { filter: 'since:1d', rate: 'fast' }],
    ['do=retry', { filter: 'handler:mailer', matched: 'many' }],
  ]
  for (const [query, fields] of wrong)
    expect((await board.plan(query, fields, all)).status, `${query} ${JSON.stringify(fields)}`).toBe(400)
  const filter = await board.post('do=retry&as=json', { filter: 'handlr:mailer' }, all)
  expect(JSON.parse(String(filter.body))).toMatchObject({ error: 'bad_filter', start: 0, end: 6, nearest: 'handler' })
})

it('takes forms of 64 kB and no larger, in each coding that a host may have read', async () => {
  const { board } = await withDead(1)
  const headers = { ...OWN, 'content-type': 'application/x-www-form-urlencoded' }
  const send = (body: never, more = {}) =>
    board.ask('do=retry&as=json', { method: 'POST', headers: { ...headers, ...more }, body, ...jo('retry') })
  const wish = 'filter=handler%3Amailer'
  async function* pieces(count: number) {
    for (let at = 0; at < count; at++) yield Buffer.from(at === 0 ? wish : '&x'.padEnd(32_768, 'x'))
  }
  expect((await send(Buffer.from(wish) as never)).status).toBe(200)
  expect((await send(pieces(1) as never)).status).toBe(200)
  expect((await send({ form: { filter: 'handler:mailer' } } as never)).status).toBe(200)
  expect(
    (await send(Buffer.from('{"filter":"handler:mailer"}') as never, { 'content-type': 'application/json' })).status,
  ).toBe(200)
  expect((await send(Buffer.alloc(65 * 1024, 'x') as never)).status).toBe(413)
  expect((await send(pieces(1_000_000) as never)).status).toBe(413)
  for (const body of ['null', '[]', '{"filter":{}}', '{'])
    expect((await send(Buffer.from(body) as never, { 'content-type': 'application/json' })).status, body).toBe(400)
  expect((await send(Buffer.from(`${wish}&${wish}`) as never)).status).toBe(400)
  expect((await send(Buffer.from(wish) as never, { 'content-type': 'multipart/form-data; boundary=x' })).status).toBe(
    400,
  )
  expect((await send({ form: undefined } as never)).status).toBe(400)
})

it('uses a key that is the same for each opening of an inbox', async () => {
  const { board, inbox } = await withDead(0)
  const key = keyIn(locationOf(await board.post('search', { q: 'jo@shop.example' }, jo())))
  expect(memory()).not.toBe(inbox)
  const other = await withDead(0)
  const otherKey = keyIn(locationOf(await other.board.post('search', { q: 'jo@shop.example' }, jo())))
  expect(otherKey).not.toBe(key)
})
