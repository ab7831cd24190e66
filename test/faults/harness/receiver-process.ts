/**
 * A receiver in a process of its own, to be killed, starved and cut. Argument: a plan as JSON. Tells its parent line by
 * line: `{"port"}` once it listens, `{"open"}` once its inbox is open, `{"refused"}` when it is not, `{"connection"}`,
 * `{"called"}` when its handler first is, `{"log"}`. Beside the webhooks it answers `/control/…`. SIGUSR2 opens the gate.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { flushCompileCache } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { closeOnSignals, webhooks } from '../../../src/adapters/node.ts'
import { createReceiver } from '../../../src/core/receiver.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { field } from '../../../src/lib/field.ts'
import { toy } from '../../support/toy.ts'
import { around } from './around.ts'
import { openEffects } from './effects.ts'
import { handlerOf } from './handler.ts'
import { killPoints } from './kill-points.ts'
import { registerLives } from './lives.ts'
import type { Plan } from './plan.ts'

// The parent wrote it.
const plan = JSON.parse(process.argv[2] ?? '{}') as Plan
const { path, minFreeBytes = 0, ownerWaitMs = 30_000, closeMs = 2_000 } = plan
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
const points = killPoints(plan.killAt)
const gate = Promise.withResolvers<void>()
let progressed = Promise.withResolvers<void>()

const wallClock = Date.now
let aheadMs = plan.clockMs ?? 0
Date.now = () => wallClock() + aheadMs
const steadyClock = performance.now.bind(performance)
let passedMs = 0
performance.now = () => steadyClock() + passedMs

const inbox = around(points.inbox(sqlite({ path, minFreeBytes, ownerWaitMs })), (inner) => ({
  async settle(settlement) {
    const settled = await inner.settle(settlement)
    progressed.resolve()
    progressed = Promise.withResolvers()
    return settled
  },
}))
const log = (_facts: object, message: string) => void tell({ log: message })
const receiver = createReceiver({
  inbox,
  sources: { shop: toy(plan.dedupeWindowMs === undefined ? {} : { dedupeWindowMs: plan.dedupeWindowMs }) },
  logger: { info: () => {}, warn: log, error: log },
  limits: plan.limits ?? {},
  memoryBytes: plan.memoryBytes ?? 256 << 20,
  retention: plan.retention ?? {},
})

if (plan.handler === 'lives') registerLives(receiver, plan, openEffects(plan.effects))
else if (plan.handler !== 'none') {
  const { retry = {}, timeoutMs = 30_000, concurrency = 8 } = plan
  const record = openEffects(plan.effects)
  let called = false
  const handler = handlerOf(plan, {
    opened: gate.promise,
    begin() {
      if (!called) tell({ called: true })
      called = true
      points.at('in the handler')
    },
    done: (event, { attempt }) =>
      record({ id: event.id, n: Number(field(event.payload as object, 'n') ?? Number.NaN), attempt, run: event.run }),
  })
  receiver.on('*', { name: 'work', retry, timeoutMs, concurrency }, handler)
}

process.on('SIGUSR2', () => gate.resolve())

const controls: Readonly<Record<string, (argument: string) => unknown>> = {
  '/control/health': () => receiver.health(),
  '/control/memory': () => {
    collect()
    return process.memoryUsage()
  },
  '/control/stats': () => receiver.inbox.stats(),
  '/control/go': () => gate.resolve(),
  '/control/replay': (filter) => receiver.inbox.replay(JSON.parse(decodeURIComponent(filter))),
  '/control/prune': () => receiver.inbox.prune(),
  '/control/retry': () => receiver.inbox.retry({ all: true }),
  '/control/clock': (ms) => {
    aheadMs = Number(ms)
  },
  '/control/pass': (ms) => {
    aheadMs += Number(ms)
    passedMs += Number(ms)
  },
  '/control/metrics': () => receiver.metrics(),
  '/control/settled': settled,
}

function collect(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

/** Resolves when no work is left, the work that is due later included. */
async function settled(): Promise<void> {
  for (;;) {
    const next = progressed.promise
    if ((await receiver.inbox.stats()).pending === 0) return
    await next
  }
}

async function control(run: () => unknown, res: ServerResponse): Promise<void> {
  try {
    res.end(JSON.stringify((await run()) ?? null))
  } catch (error) {
    res.writeHead(500).end(JSON.stringify(String(error)))
  }
}

const listener = webhooks(points.receiver(receiver))
const server = createServer((req: IncomingMessage, res: ServerResponse) => {
  const [path = '', argument = ''] = (req.url ?? '').split('?')
  const run = controls[path]
  if (run === undefined) listener(req, res)
  else void control(() => run(argument), res)
})
points.server(server)
server.on('connection', () => tell({ connection: true }))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  tell({ port: typeof address === 'object' ? address?.port : null })
})
closeOnSignals(server, receiver, { timeoutMs: closeMs })
try {
  await receiver.start()
  // A process that is killed leaves nothing by itself.
  flushCompileCache()
  tell({ open: true })
} catch (error) {
  const { code, message } = error as { code?: string; message?: string }
  tell({ refused: code ?? 'no code', message })
}
