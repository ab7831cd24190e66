/** The application that is bundled: it takes one post over HTTP, hands it to a handler, and ends. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { webhooks } from 'posthorn/node'
import { sqlite } from 'posthorn/sqlite'

const folder = mkdtempSync(join(tmpdir(), 'posthorn-bundled-'))
const secret = 'a token of some length'
const receiver = createReceiver({
  sources: { shop: momentum({ auth: token(secret) }) },
  inbox: sqlite({ path: join(folder, 'inbox.db') }),
  logger: { debug() {}, info() {}, warn: console.warn, error: console.error },
})
const handled = []
receiver.on('momentum.click', (event) => {
  handled.push(event.name)
})

export async function main() {
  await receiver.start()
  const server = createServer(webhooks(receiver))
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/shop`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-messagesystems-webhook-token': secret },
    body: '[{"msys":{"track_event":{"type":"click","event_id":"92356927693813856"}}}]',
  })
  await receiver.whenIdle()
  server.close()
  server.closeAllConnections()
  await receiver.close()
  rmSync(folder, { recursive: true, force: true })
  return `${answer.status} ${handled.join()}`
}
