/** A real Prometheus that scrapes the demo, and a receiver whose handlers fail: every panel of the dashboard that is shipped has data. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
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
import { freePort } from '../support/free-port.ts'
import { type Dashboard, expressionsOf, panelsOf, withoutVariables } from '../support/grafana.ts'
import { toy } from '../support/toy.ts'
import { soak } from './scenario.ts'

const ops = join(import.meta.dirname, '../../ops')
const SECRETS = ['a-secret-of-some-length', { label: 'old', secret: 'another-of-some-length' }] as const
/** There is none before a handler has been gone for a day. */
const AFTER_A_DAY = 'posthorn_orphaned_rows'
/** Rates of the panels look at so much; it is scraped each second. */
const INTERVAL = '10s'

soak({
  id: 'O1',
  what: 'a Prometheus that scrapes the demo, and a receiver whose handlers fail',
  injected: 'the kill of the demo; posts that are stored, repeated, refused and unreadable; handlers that fail',
  held: 'the rules load, each panel has data of the demo, each line of a panel of one of both, and the counters are right',
  needs: ['prometheus'],
  minutes: 1,
  rounds: 1,
  async round({ figures }) {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-prometheus-'))
    const [demo, served] = [await showing(), await serving(folder)]
    const prometheus = await scraping(folder, { demo: demo.target, mail: `127.0.0.1:${served.port}` })
    try {
      const end = Date.now() + 25_000
      for (let n = 0; Date.now() < end; n++) await Promise.all([served.traffic(n), n % 50 === 0 && demo.refused()])
      await sleep(2_000)
      const panels = panelsOf(JSON.parse(readFileSync(join(ops, 'grafana/posthorn.json'), 'utf8')) as Dashboard)
      const isEmpty = async (expression: string, job: string) =>
        (await prometheus.ask(withoutVariables(expression, INTERVAL, job))).length === 0
      const without: string[] = []
      for (const panel of panels) {
        const lines = expressionsOf({ panels: [panel] }).filter((line) => !line.includes(AFTER_A_DAY))
        const empty = await Promise.all(lines.map((line) => isEmpty(line, 'demo')))
        if (empty.every((one) => one)) without.push(`no data of the demo: ${panel.title}`)
        for (const line of lines) if (await isEmpty(line, 'demo|mail')) without.push(`no data: ${panel.title}: ${line}`)
      }
      const [accepted] = await prometheus.ask('sum(posthorn_deliveries_total{job="mail",result="accepted"})')
      figures.panels = panels.length
      figures.lines = expressionsOf({ panels }).length
      figures.accepted = String(accepted?.value[1])
      const counted = served.receiver.metrics().accepted
      return accepted?.value[1] === String(counted)
        ? without
        : [...without, `${accepted?.value[1]} of ${counted} accepted`]
    } finally {
      await prometheus.stop()
      await demo.stop()
      await served.stop()
      rmSync(folder, { recursive: true })
    }
  },
})

/** `npm start`, once its show is over and its senders go on. */
async function showing() {
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const child = spawn(process.execPath, [main, 'demo', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let said = ''
  const shown = new Promise<void>((resolve) => {
    // It goes on to be read: what the demo says later must not fill the pipe.
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text
      if (said.includes('Ctrl-C')) resolve()
    })
  })
  await Promise.race([shown, ended])
  const [, metrics] = /^Metrics, for a Prometheus: (\S+)$/m.exec(said) ?? []
  const [, url] = /curl -i (\S+)/.exec(said) ?? []
  if (metrics === undefined || url === undefined) throw new Error(`the demo said: ${said}`)
  return {
    target: new URL(metrics).host,
    refused: () => fetch(url, { method: 'POST', body: '[]' }).then((answer) => answer.text()),
    async stop() {
      child.kill('SIGINT')
      await ended
    },
  }
}

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
  receiver.on('toy.ping', { name: 'waits' }, () => {})
  await receiver.start()
  await receiver.inbox.pause('waits')
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

async function scraping(folder: string, targets: Readonly<Record<string, string>>) {
  const port = await freePort()
  cpSync(join(ops, 'prometheus/posthorn.rules.yml'), join(folder, 'posthorn.rules.yml'))
  const jobs = Object.entries(targets).map(
    ([job, target]) => `  - { job_name: ${job}, static_configs: [{ targets: ['${target}'] }] }\n`,
  )
  const config = `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [posthorn.rules.yml]
scrape_configs:
${jobs.join('')}`
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
