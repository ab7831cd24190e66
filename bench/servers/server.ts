/** A server process: one subject, told by a plan in its argument. Started by `processes.ts`, asked over IPC. */
import { Gauge } from './gauge.ts'
import type { Hello, Questions, ServerPlan } from './plan.ts'
import { newServed } from './subjects.ts'
import { Tally } from './tally.ts'

// The parent wrote it.
const plan = JSON.parse(process.argv[2] ?? '') as ServerPlan
const tally = new Tally(plan.handlerMs)
const gauge = new Gauge()
const served = await newServed(plan, tally)

/** Milliseconds of the system's monotonic clock, which all processes share. */
const now = () => Number(process.hrtime.bigint()) / 1e6

const answers: { readonly [Q in keyof Questions]: (asked: Questions[Q][0]) => Promise<Questions[Q][1]> } = {
  async begin() {
    tally.reset()
    gauge.begin()
    return null
  },
  async handled(count) {
    await tally.until(count)
    return now()
  },
  async idle() {
    await served.idle()
    return now()
  },
  now: async () => now(),
  async prune() {
    await served.prune?.()
    return now()
  },
  report: async () => ({ ...gauge.report(), handled: tally.count }),
  async close() {
    await served.close()
    return null
  },
}

process.on('message', ({ id, question, asked }: { id: number; question: keyof Questions; asked: never }) => {
  // An answer that nobody waits for any more may find its channel closed.
  const answer = (said: object) => void process.send?.({ id, ...said }, () => {})
  answers[question](asked).then(
    (value) => answer({ value }),
    (error: unknown) => answer({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
const openAt = now() - (performance.now() - served.openedAt)
process.send?.({ listening: served.port, startMs: served.startMs, openAt } satisfies Hello)
