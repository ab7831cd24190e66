/** Metrics for Prometheus, spans for OpenTelemetry, and findings told to a channel of yours: each works without the others. */
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createReceiver } from 'posthorn'
import { alerts, type Finding } from 'posthorn/alerts'
import { token } from 'posthorn/auth'
import { closeOnSignals, webhooks } from 'posthorn/express'
import { momentum } from 'posthorn/momentum'
import { otel } from 'posthorn/otel'
import { metrics } from 'posthorn/prometheus'
import { sqlite } from 'posthorn/sqlite'
import { register } from 'prom-client'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }) },
  // To the SDK that the process has registered; without one nothing is recorded.
  instrument: otel(),
})
receiver.on('effect.suppress', { name: 'suppress' }, async (event) => console.log('suppress', event.provider))

metrics(receiver, { register })

async function tellChat({ state, severity, text, runbook }: Finding): Promise<void> {
  const url = process.env.CHAT_WEBHOOK_URL
  if (url === undefined) return
  const body = JSON.stringify({ text: `${severity} ${state}: ${text} (${runbook})` })
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  // Thrown, it is told again at the next look.
  if (!answer.ok) throw new Error(`the chat answered ${answer.status}`)
}
alerts(receiver, { notify: tellChat, rules: { silence: { shop: '30m' } } })

await receiver.start()
const app = express().use('/webhooks', webhooks(receiver))
// For Prometheus alone: keep it from the public, at your proxy or on another port.
app.get('/metrics', async (_request, response) => {
  response.type(register.contentType).send(await register.metrics())
})
const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`listening on http://localhost:${(server.address() as AddressInfo).port}`)
})
closeOnSignals(server, receiver)
