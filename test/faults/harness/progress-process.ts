/**
 * A process that works on one long delivery, to be killed in the middle of it. Argument: its plan as JSON. Writes what it
 * does into a log, line by line, with the time: `start`, `begun` and `done` with handler and element, `saved` with the
 * time at which the progress was handed in that is durable now, `noting` and `noted` with the
 * calls of a note. Tells `{"counts"}` and `{"settled"}` when nothing is left, and ends.
 */
import { openSync, writeSync } from 'node:fs'
import { createReceiver } from '../../../src/core/receiver.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { toy } from '../../support/toy.ts'
import { around } from './around.ts'

export interface LongPlan {
  readonly path: string
  readonly log: string
  /** Elements of the delivery; 0: it is there already. */
  readonly events: number
  readonly workMs: number
  /** Kills itself after so much time, or after so many calls. */
  readonly killAfterMs?: number
  readonly killAfterCalls?: number
  readonly handlers: ReadonlyArray<'each' | 'batch' | 'kept'>
}

// The parent wrote it.
const plan = JSON.parse(process.argv[2] ?? '{}') as LongPlan
const file = openSync(plan.log, 'a')
const log = (...words: readonly (string | number)[]) => writeSync(file, `${words.join(' ')} ${performance.now()}\n`)
const die = () => process.kill(process.pid, 'SIGKILL')
const work = () => new Promise((resolve) => setTimeout(resolve, plan.workMs))
let calls = 0

const inbox = around(sqlite({ path: plan.path, minFreeBytes: 0 }), (inner) => ({
  async saveProgress(progress) {
    const handedIn = performance.now()
    const lost = await inner.saveProgress(progress)
    log('saved', handedIn)
    return lost
  },
  async noteCalls(claim, calls) {
    const words = calls.map(({ index, handler }) => `${handler}:${index}`)
    log('noting', ...words)
    await inner.noteCalls(claim, calls)
    log('noted', ...words)
  },
}))
const receiver = createReceiver({ inbox, sources: { shop: toy() }, logger: false })

const begin = (handler: string, { delivery }: AnyEvent) => log('begun', handler, delivery.index)
function end(handler: string, { delivery }: AnyEvent): void {
  log('done', handler, delivery.index)
  if (++calls === plan.killAfterCalls) die()
}

const register: Readonly<Record<string, () => unknown>> = {
  each: () =>
    receiver.on('*', { name: 'each', concurrency: 8 }, async (event) => {
      begin('each', event)
      await work()
      end('each', event)
    }),
  batch: () =>
    receiver.onBatch('*', { name: 'batch', size: 100, maxWaitMs: 50 }, async (events) => {
      for (const event of events) begin('batch', event)
      await work()
      for (const event of events) end('batch', event)
    }),
  kept: () =>
    receiver.on('*', { name: 'kept', concurrency: 8, orderBy: keyOf }, async (event) => {
      begin('kept', event)
      await work()
      end('kept', event)
    }),
}

function keyOf({ delivery }: AnyEvent): string {
  return String(delivery.index % 20)
}

for (const name of plan.handlers) register[name]?.()
log('start')
await receiver.start()
if (plan.events > 0) {
  const elements = Array.from({ length: plan.events }, (_, n) => ({ type: 'ping', n }))
  await receiver.inject('shop', elements)
}
if (plan.killAfterMs !== undefined) setTimeout(die, plan.killAfterMs)
await receiver.drain()
const { pending, deadLetters } = await receiver.inbox.stats()
const quarantined: (number | null)[] = []
for await (const { index } of receiver.inbox.quarantine()) quarantined.push(index)
const counts: Record<string, number> = {}
for await (const { word, count } of receiver.inbox.tallies()) counts[word] = (counts[word] ?? 0) + count
await receiver.close()
process.stdout.write(`${JSON.stringify({ counts })}\n`)
process.stdout.write(`${JSON.stringify({ settled: { pending, deadLetters, quarantined } })}\n`)
