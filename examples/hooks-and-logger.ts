/** Your own logger and your own code at what happens inside. */
import { createReceiver, type Hooks, type Logger } from 'posthorn'
import { basic } from 'posthorn/auth'
import { mailjet } from 'posthorn/mailjet'
import { sqlite } from 'posthorn/sqlite'

const counts = new Map<string, number>()
const count = (what: string, by = 1) => void counts.set(what, (counts.get(what) ?? 0) + by)

/** By shape: pino fits as it is. */
const logger: Logger = {
  info: (facts, message) => console.info(message, facts),
  warn: (facts, message) => console.warn(message, facts),
  error: (facts, message) => console.error(message, facts),
}

const hooks: Hooks = {
  failed: ({ handler, attempt, retryAt }) => count(`failed ${handler} ${attempt} ${retryAt.toISOString()}`),
  deadLettered: ({ handler, event, errors }) => count(`dead ${handler} ${event.name} ${errors.at(-1)?.code}`),
  quarantined: ({ source, index, path }) => count(`quarantined ${source} ${index} ${path}`),
  rejected: ({ source, status, code }) => count(`rejected ${source} ${status} ${code}`),
  unhandled: ({ name, source, count: events }) => count(`unhandled ${source} ${name}`, events),
}

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { news: mailjet({ auth: basic({ username: 'mailjet', password: { env: 'MAILJET_PASSWORD' } }) }) },
  logger,
  hooks,
  limits: { bodyBytes: 16 << 20, acceptMs: 3_000 },
  handlers: { retry: { attempts: 10, minMs: 500, maxMs: 60_000 }, timeoutMs: 10_000, concurrency: 4 },
})
receiver.on('mailjet.*', { name: 'all', formerly: ['everything'], tests: false }, async (event) => count(event.type))

await receiver.start()
