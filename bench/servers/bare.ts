/** The floors: a server that only reads, and one that also parses. */
import { ANSWER, ANSWER_HEAD, listen, whenRead } from './listen.ts'
import type { Served } from './plan.ts'
import type { Tally } from './tally.ts'

/** Reads to the end and answers; keeps nothing. */
export function drain(): Promise<Served> {
  return listen((req, res) => {
    req.on('data', () => {})
    req.on('end', () => res.writeHead(200, ANSWER_HEAD).end(ANSWER))
  })
}

/** Reads, parses and answers; then gives each event to the handler. Validates and stores nothing. */
export function json(tally: Tally): Promise<Served> {
  return listen((req, res) => {
    whenRead(req, (body) => {
      const events: unknown[] = JSON.parse(body.toString())
      res.writeHead(200, ANSWER_HEAD).end(ANSWER)
      void handleAll(events, tally)
    })
  })
}

/** One after the other, as a loop with `await` in it does. */
export async function handleAll(events: readonly unknown[], tally: Tally): Promise<void> {
  for (const event of events) await tally.handle(event)
}
