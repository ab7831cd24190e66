/**
 * In the manner of `verifyAndReceive` of @octokit/webhooks: a signature over the text of the body, then the parsed
 * events through their handlers, and the answer when all of them are done. Stores nothing.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { SECRET } from '../bodies/bodies.ts'
import { ANSWER, ANSWER_HEAD, listen, whenRead } from './listen.ts'
import type { Served } from './plan.ts'
import type { Tally } from './tally.ts'

export const SIGNATURE = 'x-hub-signature-256'

export function signatureOf(body: string | Buffer): string {
  return `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`
}

export function verifyAndRun(tally: Tally): Promise<Served> {
  return listen((req, res) => {
    whenRead(req, (body) => {
      const text = body.toString()
      const [sent, expected] = [Buffer.from(String(req.headers[SIGNATURE])), Buffer.from(signatureOf(text))]
      if (sent.length !== expected.length || !timingSafeEqual(sent, expected)) {
        res.writeHead(400, { 'content-length': 0 }).end()
        return
      }
      const events: unknown[] = JSON.parse(text)
      void Promise.all(events.map((event) => tally.handle(event))).then(() => {
        res.writeHead(200, ANSWER_HEAD).end(ANSWER)
      })
    })
  })
}
