/** What is forwarded: the log of an inbox elsewhere, by its dashboard. */
import type { LoggedDelivery } from '../../dashboard/index.ts'
import { OptionError, PosthornError } from '../../errors.ts'
import { type Asked, askDashboard } from '../dashboard.ts'
import { tell } from '../out/streams.ts'
import { pause } from '../signals.ts'
import { type Followed, type Forwarded, NOTHING } from './log.ts'

export interface DashboardLogOptions {
  readonly url: string
  /** Bytes as they are, which asks for the right to them; else stand-ins are in the place of addresses. */
  readonly raw: boolean
  /** Ends with the log: nothing is waited for. */
  readonly once: boolean
  readonly stop: AbortSignal
}

/** How long the dashboard lets us wait for what is to come, in s. */
const WAIT_S = 25
const AT_ONCE = 100
const PAUSE_MS = { least: 500, most: 30_000 }

export function dashboardLog(options: DashboardLogOptions): Followed {
  const { raw, once, stop } = options
  let ahead: Forwarded[] = []
  const lines = async (asked: Asked): Promise<Forwarded[]> => {
    const text = await askDashboard(options, { view: 'log', as: 'ndjson', ...(raw ? {} : { redact: 1 }), ...asked })
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map(forwarded)
  }
  return {
    async last() {
      const { data } = JSON.parse(
        await askDashboard(options, { view: 'log', as: 'json', ...(raw ? {} : { redact: 1 }) }),
      )
      return Number(data.lastSeq)
    },
    async idAt(seq) {
      const [found] = await lines({ after: seq - 1, limit: 1 })
      return found?.seq === seq ? found.id : null
    },
    async startOf(from) {
      if (from === 'start') return NOTHING
      if (from !== 'now') throw new OptionError('--from is now or start with --url: what came when is known over there')
      const seq = await this.last()
      return seq === 0 ? NOTHING : { seq, id: await this.idAt(seq) }
    },
    async next(seq) {
      if (ahead[0] === undefined || ahead[0].seq <= seq)
        ahead = await untilThere(() => lines({ after: seq, limit: AT_ONCE, wait: once ? 0 : WAIT_S }), stop)
      return ahead.shift() ?? null
    },
    isAsked: async () => true,
  }
}

function forwarded(line: string): Forwarded {
  const { receivedAt, kept, body, ...rest }: Omit<LoggedDelivery, 'receivedAt'> & { receivedAt: string } =
    JSON.parse(line)
  return {
    ...rest,
    receivedAt: Date.parse(receivedAt),
    kept: kept === 'all' ? undefined : kept,
    body: Buffer.from(body, 'base64'),
  }
}

/** A laptop that slept, or a network that is away: it is tried again. What the dashboard refuses is not. */
async function untilThere(ask: () => Promise<Forwarded[]>, stop: AbortSignal): Promise<Forwarded[]> {
  for (let tries = 0; !stop.aborted; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (stop.aborted) break
      if (!(error instanceof PosthornError) || error.code !== 'ERR_API_UNREACHABLE') throw error
      if (tries === 0) tell(`${error.message} It is tried again until it answers.`)
      await pause(Math.min(PAUSE_MS.most, PAUSE_MS.least * 2 ** Math.min(tries, 10)), stop)
    }
  }
  return []
}
