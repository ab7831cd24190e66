/** A real Prometheus that scrapes a receiver under traffic: every panel of the dashboard that is shipped has data. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { webhooks } from '../../src/adapters/node.ts'
import { header } from '../../src/auth/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { createReceiver, PermanentError } from '../../src/index.ts'
import { metrics } from '../../src/prometheus/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { sampleOf } from '../../src/testing/sample.ts'
import { type Dashboard, expressionsOf, panelsOf, withoutVariables } from '../support/grafana.ts'
import { toy } from '../support/toy.ts'
import { soak } from './scenario.ts'

const ops = join(import.meta.dirname, '../../ops')
const SECRETS = ['a-secret-of-some-length', { label: 'old', secret: 'another-of-some-length' }] as const
/** Rates of the panels look at so much; it is scraped each second. */
const INTERVAL = '10s'

soak({
  id: 'O1',
  what: 'a Prometheus that scrapes a receiver under traffic',
  injected: 'posts that are stored, repeated, refused and unreadable; handlers that fail, die and are paused',
  held: 'the rules load, each panel of the dashboard has data, and the counters are those of the receiver',
  needs: ['prometheus'],
  minutes: 1,
  rounds: 1,
  async round({ figures }) {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-prometheus-'))
    const served = await serving(folder)
    const prometheus = await scraping(folder, served.port)
    try {
      const end = Date.now() + 25_000
      for (let n = 0; Date.now() < end; n++) await served.traffic(n)
      await sleep(2_000)
      const dashboard: Dashboard = JSON.parse(readFileSync(join(ops, 'grafana/posthorn.json'), 'utf8'))
      const panels = panelsOf(dashboard)
      const empty: string[] = []
      for (const panel of panels) {
        const asked = expressionsOf({ panels: [panel] }).map((one) => prometheus.ask(withoutVariables(one, INTERVAL)))
        if ((await Promise.all(asked)).flat().length === 0) empty.push(`no data: ${panel.title}`)
      }
      const [accepted] = await prometheus.ask('sum(posthorn_deliveries_total{result="accepted"})')
      figures.panels = panels.length
      figures.accepted = String(accepted?.value[1])
      const counted = served.receiver.metrics().accepted
      return accepted?.value[1] === String(counted) ? empty : [...empty, `${accepted?.value[1]} of ${counted} accepted`]
    } finally {
      await prometheus.stop()
      await served.stop()
      rmSync(folder, { recursive: true })
    }
  },
})

async function serving(folder: string) {
  const register = new Registry()
  const auth = header('x-key', SECRETS)
  const sources = { shop: toy({ auth }), mail: momentum({ auth }) }
  const receiver = createReceiver({ inbox: sqlite({ path: join(folder, 'inbox.db') }), sources, logger: false })
  metrics(receiver, { register })
  receiver.on('toy.ping', { name: 'works' }, () => {})
  receiver.on('toy.ping', { name: 'dies' }, ({ payload }) => {
    if ((payload as { n?: number }).n === 0) throw new PermanentError('no')
  })
  await receiver.start()
  const hooks = webhooks(receiver)
  const server = createServer(async (request, response) => {
    if (request.url === '/metrics') response.end(await register.metrics())
    else hooks(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const post = (body: string, key: string, source = 'shop') =>
    fetch(`http://127.0.0.1:${port}/${source}`, { method: 'POST', headers: { 'x-key': key }, body }).then((answer) =>
      answer.text(),
    )
  const [first, { secret }] = SECRETS
  return {
    receiver,
    port,
    async traffic(n: number) {
      const body = JSON.stringify([
        { type: 'ping', n: n % 10, round: n },
        { type: 'pong', round: n },
        { type: 'new' },
        5,
      ])
      await post(body, n % 2 === 0 ? first : secret)
      await post(`[${sampleOf('momentum.bounce').text}]`, first, 'mail')
      if (n % 3 === 0) await post(body, first)
      if (n % 5 === 0) await post(body, 'wrong')
      await sleep(20)
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await receiver.close()
    },
  }
}

async function scraping(folder: string, target: number) {
  const port = await freePort()
  cpSync(join(ops, 'prometheus/posthorn.rules.yml'), join(folder, 'posthorn.rules.yml'))
  const config = `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [posthorn.rules.yml]
scrape_configs: [{ job_name: mail, static_configs: [{ targets: ['127.0.0.1:${target}'] }] }]
`
  writeFileSync(join(folder, 'prometheus.yml'), config)
  const args = ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`]
  const child = spawn('prometheus', args, { cwd: folder, stdio: 'ignore' })
  const ended = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; !(await isReady(url)); tries++) {
    if (tries > 100 || child.exitCode !== null) throw new Error('prometheus did not start')
    await sleep(200)
  }
  return {
    async ask(query: string): Promise<{ value: [number, string] }[]> {
      const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query })}`)
      const { data } = (await answer.json()) as { data?: { result: { value: [number, string] }[] } }
      return data?.result ?? []
    },
    async stop() {
      child.kill()
      await ended
    },
  }
}

const isReady = (url: string) =>
  fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  )

async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address() as AddressInfo
  socket.close()
  await once(socket, 'close')
  return port
}
