/**
 * A process that stores deliveries as if they had been posted, and ends. Arguments: folder, number, file of the body.
 * Each is the same body with other digits in one place, or it would be a duplicate.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createReceiver } from 'posthorn'
import { unauthenticated } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

const [folder = '', count = '0', file = ''] = process.argv.slice(2)
const PLACE = '"customer_id":"'
const text = readFileSync(file, 'utf8').replace('"customer_id":"4711"', `${PLACE}${'0'.repeat(12)}"`)
const body = Buffer.from(text)
const digitsAt = body.indexOf(PLACE) + PLACE.length

const receiver = createReceiver({
  inbox: sqlite({ path: join(folder, 'inbox.db') }),
  sources: { shop: momentum({ auth: unauthenticated() }) },
  role: 'receive',
  logger: false,
})

/** Enough to fill groups of small ones; few enough to hold in memory when they are large. */
const AT_ONCE = body.length > 1_000_000 ? 2 : 200
let next = 0
async function lane(): Promise<void> {
  while (next < Number(count)) {
    // The inbox may keep what it is given.
    const copy = Buffer.from(body)
    copy.write(String(next++).padStart(12, '0'), digitsAt, 'latin1')
    await receiver.inject('shop', copy)
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, lane))
await receiver.close()
