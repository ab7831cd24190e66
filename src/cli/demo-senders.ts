/** The senders of the demo, all four on one clock, with their webhooks at its receiver. */
import { emulateEsputnik } from '../emulators/esputnik.ts'
import { type Scenario, scenario } from '../emulators/faults/scenario.ts'
import { judge, type Verdict } from '../emulators/faults/verdict.ts'
import { virtualClock } from '../emulators/kit/clock.ts'
import type { Emulator } from '../emulators/kit/emulator.ts'
import type { EmulatorReport } from '../emulators/kit/report.ts'
import { emulateMailjet } from '../emulators/mailjet.ts'
import { emulateMomentum } from '../emulators/momentum.ts'
import { emulateSparkPost } from '../emulators/sparkpost.ts'
import { createCallbacks, createWebhook, refused, withLogin } from './create-webhooks.ts'
import type { ReceiverSetting } from './demo-process.ts'

export interface DemoSender {
  readonly name: string
  /** The source that it posts to. */
  readonly source: string
  readonly emulator: Emulator
  /** What its owner does, in words. */
  readonly created: string
  /** Creates its webhook to this address. */
  create(target: string): Promise<void>
}

export interface DemoSenders {
  readonly senders: readonly DemoSender[]
  /** As much mail as comes by itself, from now on until `close`: at the pace of a clock on the wall. */
  goOn(): Promise<void>
  /** Mail of each sender, until all of its events have arrived or been given up. Virtual hours pass in seconds. */
  live(messages: number): Promise<void>
  verdict(sender: DemoSender, handled: Readonly<Record<string, number>>): Verdict
  report(sender: DemoSender): EmulatorReport
  close(): Promise<void>
}

/** `kill` runs in the middle of one post of Momentum; what it returns is waited for before time goes on. */
export function demoSenders(secrets: ReceiverSetting['secrets'], kill: () => Promise<void>): DemoSenders {
  // The hours of the show are over when it is.
  const clock = virtualClock({ at: Date.now() - DAY_MS })
  const killed = scenario('receiver-killed', { at: 3, kill })
  const senders = [
    momentumSender(emulateMomentum({ clock, nodes: 2, faults: [killed] }), secrets.shop),
    sparkpostSender(emulateSparkPost({ clock, seed: 2 }), secrets.cloud),
    mailjetSender(emulateMailjet({ clock, seed: 3 }), secrets.news),
    esputnikSender(emulateEsputnik({ clock, seed: 4 }), secrets.crm),
  ]
  let closed = false
  const waiting = () => senders.some(({ emulator }) => emulator.report().waiting.events > 0)
  return {
    senders,
    async live(messages) {
      // A webhook is active a minute after it was created.
      await clock.advance('1m')
      for (const { emulator } of senders) emulator.traffic({ messages, perSecond: 2 })
      do await clock.advance('3h')
      while (waiting() && !closed)
    },
    async goOn() {
      const behind = () => Math.max(0, Date.now() - clock.now())
      await clock.advance(behind())
      for (const { emulator } of senders) emulator.traffic({ perSecond: 0.5 })
      while (!closed) {
        await clock.advance(behind())
        await new Promise((resolve) => setTimeout(resolve, STEP_MS))
      }
    },
    verdict: ({ emulator, source }, handled) => judge(emulator.report(), handled, faultsOf(source, killed)),
    report: ({ emulator }) => emulator.report(),
    async close() {
      closed = true
      await Promise.all(senders.map(({ emulator }) => emulator.close()))
    },
  }
}

const DAY_MS = 86_400_000
const STEP_MS = 500

const faultsOf = (source: string, killed: Scenario) => (source === 'shop' ? [killed] : [])

function momentumSender(emulator: Emulator, auth_token: string): DemoSender {
  return {
    ...{ name: 'Momentum', source: 'shop', emulator },
    created: 'POST /api/v1/webhooks; it sends a test post first',
    create: async (target) => createWebhook((await emulator.listen()).url, 'key', { target, auth_token }),
  }
}

function sparkpostSender(emulator: Emulator, client_secret: string): DemoSender {
  return {
    ...{ name: 'SparkPost', source: 'cloud', emulator },
    created: 'POST /api/v1/webhooks; it fetches an OAuth 2.0 token from the receiver first',
    async create(target) {
      const body = { client_id: 'sparkpost', client_secret, grant_type: 'client_credentials' }
      const auth = { auth_type: 'oauth2', auth_request_details: { url: `${target}/token`, body } }
      await createWebhook((await emulator.listen()).url, 'key', { target, ...auth })
    },
  }
}

function mailjetSender(emulator: Emulator, password: string): DemoSender {
  return {
    ...{ name: 'Mailjet', source: 'news', emulator },
    created: 'POST /v3/REST/eventcallbackurl, once for each event type',
    async create(target) {
      const login = { apiKey: 'key', apiSecret: 'secret' }
      await createCallbacks((await emulator.listen()).url, login, withLogin(target, `mailjet:${password}`), true)
    },
  }
}

function esputnikSender(emulator: ReturnType<typeof emulateEsputnik>, key: string): DemoSender {
  return {
    ...{ name: 'eSputnik', source: 'crm', emulator },
    created: 'saved in its settings; it checks the address with a GET',
    async create(url) {
      const { saved, check } = await emulator.saveWebhook({ url, headers: { 'x-esputnik-key': key } })
      if (!saved) throw refused(`the GET that checks the target brought ${check.status ?? check.code}`)
    },
  }
}
