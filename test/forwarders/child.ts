/** A receiver of its own process that hands events to a broker: `node child.ts <kind> <port> <path> <stop>`. */
import { writeSync } from 'node:fs'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { createReceiver } from '../../src/index.ts'
import { toy } from '../support/toy.ts'
import { KINDS } from './sites.ts'

/** What it comes to in its second batch, where it waits to be killed, or closes. */
export type Stop = 'began' | 'confirmed' | 'closes' | 'none'

const [name, port, path = '', stop] = process.argv.slice(2)
const say = (line: object) => void writeSync(1, `${JSON.stringify(line)}\n`)
const forever = new Promise<never>(() => {})

const nothing = async () => {}
const broker = { port: Number(port), kill: nothing, start: nothing, remove: nothing }
const kind = KINDS.find((one) => one.name === name)
if (kind === undefined) throw new Error(`no broker ${name}`)
const site = await kind.open(broker)
const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
let batches = 0
receiver.onBatch('*', { name: 'out', size: 100, maxWaitMs: 20, retry: { minMs: 50 } }, async (events, context) => {
  const isSecond = ++batches === 2
  const sending = site.forward(events, context)
  if (isSecond && stop === 'began') {
    say({ began: true })
    await forever
  }
  if (isSecond && stop === 'closes') void receiver.close({ timeoutMs: 0 }).then(end)
  const result = await sending
  if (isSecond && stop === 'confirmed') {
    say({ confirmed: true })
    await forever
  }
  return result
})
await receiver.start()
await receiver.drain()
if (stop === 'none') {
  say({ pending: (await receiver.inbox.stats()).pending })
  await receiver.close()
  await end()
}

async function end() {
  await site.close()
  say({ closed: true })
}
