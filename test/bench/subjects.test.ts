/** Everybody who is measured does what it is measured for, in this process: ours on the sources, peers as they are. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bodyOf } from '../../bench/bodies/bodies.ts'
import * as subjects from '../../bench/harness/subjects.ts'
import { load } from '../../bench/load/load.ts'
import { PATH } from '../../bench/servers/listen.ts'
import type { ServerPlan } from '../../bench/servers/plan.ts'
import { newServed } from '../../bench/servers/subjects.ts'
import { Tally } from '../../bench/servers/tally.ts'
import { later, newFolder } from '../inboxes/sqlite/kit.ts'

const [EVENTS, POSTS] = [50, 6]
const everybody = [
  ...subjects.YARDSTICKS,
  ...subjects.MORE_PEERS,
  subjects.OURS,
  ...subjects.OUR_OTHERS,
  ...subjects.LISTENED,
]

/** Posts to the subject, waits for what there is to handle, and tells what came of it. */
async function posted(named: subjects.Named, provider: 'momentum' | 'mailjet', database: string | null = null) {
  const [text, folder] = [bodyOf(provider, EVENTS), newFolder()]
  const plan: ServerPlan = {
    subject: named.subject,
    provider,
    folder,
    handlers: 1,
    handlerMs: 0,
    database,
    role: 'both',
  }
  const tally = new Tally(0)
  const served = await newServed(plan, tally)
  later(() => served.close())
  const bodyFile = join(folder, 'body.json')
  writeFileSync(bodyFile, text)
  const headers = subjects.requestHeaders(named, provider, text)
  const wanted = {
    port: served.port,
    path: PATH,
    headers,
    bodyFile,
    connections: 3,
    ms: 60_000,
    posts: POSTS,
    firstStamp: 1,
  }
  const { statuses } = await load(wanted)
  if (named !== subjects.DRAIN) await tally.until(EVENTS * POSTS)
  await served.idle()
  return { statuses, handled: tally.count }
}

const both = ['momentum', 'mailjet'] as const
const cases = everybody
  .filter((named) => named !== subjects.PG_BOSS)
  .flatMap((named) => both.map((provider) => ({ named, name: named.name, provider })))
  .filter(({ named, provider }) => subjects.lackOf(named, provider) === null)

describe.each(cases)('$name', ({ named, provider }) => {
  it(`answers 200 to posts of ${provider} and handles each event once`, async () => {
    const handled = named === subjects.DRAIN ? 0 : EVENTS * POSTS
    expect(await posted(named, provider)).toEqual({ statuses: { 200: POSTS }, handled })
  })
})
