/** A dashboard, asked by its address: what runs elsewhere, without its file. */
import { OptionError, PosthornError } from '../errors.ts'

export interface DashboardAt {
  readonly url: string
  readonly stop: AbortSignal
}

export type Asked = Readonly<Record<string, string | number>>

/** What `as=json` gives of every view. */
export interface ViewAnswer<D> {
  readonly data: D
  readonly frame: unknown
  readonly next: string | null
  readonly partial: string | null
}

interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  readonly text: string
}

/** The text of a 200. @throws ERR_API_UNREACHABLE, ERR_API_UNAUTHORIZED, ERR_API_REJECTED, OptionError for a filter that is none */
export async function askDashboard(at: DashboardAt, asked: Asked): Promise<string> {
  const answer = await request(at, asked)
  return answer.status === 200 ? answer.text : refused(at, answer)
}

/** As `askDashboard`, of what is no text: the bytes as they came. */
export async function bytesAt(at: DashboardAt, asked: Asked): Promise<Uint8Array> {
  const answer = await request(at, asked)
  return answer.status === 200 ? answer.bytes : refused(at, answer)
}

/** As `askDashboard`, of a view; null: there is nothing of that name. */
export async function viewAt<D>(at: DashboardAt, asked: Asked): Promise<ViewAnswer<D> | null> {
  const answer = await request(at, { ...asked, as: 'json' })
  if (answer.status === 404 && answer.text.includes('"view":')) return null
  return answer.status === 200 ? parsed<ViewAnswer<D>>(at, answer) : refused(at, answer)
}

/** Where a search leads: an address does not stand in an address of a page, but its key does. */
export async function searchAt(at: DashboardAt, words: string): Promise<Asked> {
  const answer = await request(at, { search: 1, as: 'json' }, { q: words })
  if (answer.status !== 303) return refused(at, answer)
  return Object.fromEntries(new URLSearchParams((answer.headers.get('location') ?? '').replace(/^\?/, '')))
}

/** Asks a run to end. */
export async function stopAt(at: DashboardAt, run: string): Promise<void> {
  const answer = await request(at, { do: 'stop', as: 'json' }, { run })
  if (![200, 202, 303].includes(answer.status)) refused(at, answer)
}

/** A verb, asked for as a script does: what it would do, or what came of it. 409: more matches than was shown. */
export async function verbAt<D>(at: DashboardAt, verb: string, fields: object): Promise<{ status: number; data: D }> {
  const answer = await request(at, { do: verb, as: 'json' }, fields)
  if (![200, 202, 409].includes(answer.status)) return refused(at, answer)
  return { status: answer.status, data: parsed<{ data: D }>(at, answer).data }
}

async function request({ url, stop }: DashboardAt, asked: Asked, fields?: object): Promise<Answered> {
  const address = new URL(url)
  const query = Object.entries(asked).map(([name, value]): [string, string] => [name, String(value)])
  address.search = String(new URLSearchParams(query))
  const { host } = address
  const posted =
    fields === undefined
      ? {}
      : {
          method: 'POST',
          body: JSON.stringify(fields),
          headers: { 'content-type': 'application/json', 'x-posthorn-act': '1' },
        }
  const answer = await fetch(address, {
    ...posted,
    headers: { ...posted.headers, ...authorization(), accept: 'application/json' },
    redirect: fields === undefined ? 'error' : 'manual',
    signal: stop,
  }).catch((cause: unknown) => {
    throw new PosthornError('ERR_API_UNREACHABLE', `The dashboard at ${host} does not answer.`, { cause })
  })
  const received = await answer.arrayBuffer().catch((cause: unknown) => {
    throw new PosthornError('ERR_API_UNREACHABLE', `The dashboard at ${host} broke off.`, { cause })
  })
  const bytes = Buffer.from(received)
  return { status: answer.status, headers: answer.headers, bytes, text: bytes.toString() }
}

/** @throws ERR_API_UNREACHABLE for an answer of somebody else */
function parsed<T>(at: DashboardAt, { status, text }: Answered): T {
  const answer = ours(text)
  if (answer === null) throw noDashboard(at, status)
  return answer as T
}

const noDashboard = ({ url }: DashboardAt, status: number): PosthornError =>
  new PosthornError(
    'ERR_API_UNREACHABLE',
    `What answers at ${new URL(url).host} is no dashboard, or does not let you in: ${status}. --url takes the address of its first page.`,
  )

function refused(at: DashboardAt, { status, text }: Answered): never {
  const [{ host }, sentence] = [new URL(at.url), said(text)]
  if (status === 401 || status === 403) {
    const hint = sentence ?? 'POSTHORN_DASHBOARD_BASIC or POSTHORN_DASHBOARD_BEARER lets in.'
    throw new PosthornError('ERR_API_UNAUTHORIZED', `The dashboard at ${host} answers ${status}: ${hint}`)
  }
  if (status === 400 && sentence !== null) throw new OptionError(sentence)
  const isDown = status >= 500 || status === 429
  if (sentence === null && !isDown) throw noDashboard(at, status)
  const code = isDown ? 'ERR_API_UNREACHABLE' : 'ERR_API_REJECTED'
  throw new PosthornError(
    code,
    `The dashboard at ${host} answers ${status}${sentence === null ? '.' : `: ${sentence}`}`,
  )
}

/** From the environment: what stands in a command line is seen by others. */
function authorization(): Record<string, string> {
  const { POSTHORN_DASHBOARD_BASIC: basic, POSTHORN_DASHBOARD_BEARER: bearer } = process.env
  if (bearer) return { authorization: `Bearer ${bearer}` }
  return basic ? { authorization: `Basic ${Buffer.from(basic).toString('base64')}` } : {}
}

interface Sentences {
  readonly message?: unknown
  /** Of a view that could be asked for, and not shown. */
  readonly data?: { readonly message?: unknown; readonly reason?: unknown } | null
}

/** The sentence of the dashboard; null: somebody else answers. */
function said(text: string): string | null {
  const { message, data } = ours(text) ?? {}
  const sentence = message ?? data?.message ?? data?.reason
  return typeof sentence === 'string' ? sentence : null
}

/** The answer of a dashboard; null: somebody else answers. */
function ours(text: string): Sentences | null {
  try {
    const answer = JSON.parse(text)
    return answer.posthorn === 1 ? answer : null
  } catch {
    return null
  }
}
