/**
 * A worker of `bench/postgres.ts` in a process of its own. Arguments: the URL and the schema. Opens the inbox and says `ready`;
 * at a line of its input claims and settles all that waits, and says how many that were.
 */
import { createInterface } from 'node:readline'
import { systemClock } from '../src/core/base/clock.ts'
import { postgres } from '../src/inboxes/postgres/index.ts'
import { port } from '../src/lib/symbols.ts'
import { drain } from './postgres-drain.ts'

const [connectionString = '', schema = ''] = process.argv.slice(2)
const inbox = postgres({ connectionString, schema })[port]
const logger = { info: () => {}, warn: () => {}, error: () => {} }
const handlers = [{ name: 'a', formerly: [] }]
await inbox.open({ handlers, logger, clock: systemClock, role: 'owner', onRedelivery: 'record' })
process.stdout.write('ready\n')
for await (const _line of createInterface({ input: process.stdin })) process.stdout.write(`${await drain(inbox)}\n`)
await inbox.close()
