/** Who is let in, and as whom (D1, D2). */
import { type Budget, createBudget } from '../auth/budget.ts'
import { firstHeader, singleHeader } from '../http/headers.ts'
import { isObject } from '../lib/guards.ts'
import { port } from '../lib/symbols.ts'
import type { Refused, Verdict, Verify } from '../ports/auth.ts'
import type { BoardRequest } from '../ports/board.ts'
import type { Clock } from '../ports/clock.ts'
import type { DeskDoor } from '../public/desk.ts'
import { type DashboardSettings, rightsOf } from './options.ts'
import { Refusal } from './refusal.ts'
import type { Access, Rights } from './types.ts'

/** One sentence for every reason: a stranger learns nothing of the machine by trying. */
const NOT_LOCAL = 'This dashboard answers on its own machine alone.'
/** Said where that alone is missing. Whoever stands behind a proxy gains nothing by it: proxies take the header away. */
const KEEP_ALIVE = `${NOT_LOCAL} A program there sends the header Connection: keep-alive, as browsers do.`
const REMEDY =
  'give dashboard() auth, or pages() access, to answer others; over ssh: ssh -L 8080:127.0.0.1:PORT host, and open http://localhost:8080'

const NO_KEEP_ALIVE = 'no Connection: keep-alive, which browsers send and proxies take away'

/** Whoever goes on with wrong credentials waits for each answer, while those with good ones do not. */
const WRONG_MS = 250

export class Gate {
  readonly #settings: DashboardSettings
  readonly #desk: DeskDoor
  readonly #clock: Clock
  readonly #budget: Budget
  #verify: Promise<Verify> | null = null

  constructor(settings: DashboardSettings, desk: DeskDoor, clock: Clock) {
    this.#settings = settings
    this.#desk = desk
    this.#clock = clock
    this.#budget = createBudget({ clock, notice: desk.notice, source: 'dashboard' })
  }

  /** @throws Refusal */
  async admit(request: BoardRequest): Promise<Rights> {
    const { auth, rights } = this.#settings
    const isOpenToOthers = auth !== null || request.access !== undefined
    if (!isOpenToOthers) assertLocal(request)
    assertHost(request, this.#settings.hosts, isOpenToOthers)
    const who = auth === null ? 'local' : await this.#credential(request)
    return request.access === undefined ? { who, ...rights } : rightsGiven(request.access.given)
  }

  /** The label of what let it in, or how. */
  async #credential(request: BoardRequest): Promise<string> {
    const { auth } = this.#settings
    const verdict = await this.#check(request)
    if (verdict.ok) return verdict.credential ?? auth?.scheme ?? ''
    if (verdict.reason === 'too_many_failures')
      throw new Refusal('too_many_failures', 'Too many wrong credentials came; try again in a minute.', {
        headers: { 'retry-after': '60' },
      })
    if (verdict.unavailable && !verdict.missing)
      throw new Refusal('unavailable', 'Credentials cannot be checked now.', { headers: { 'retry-after': '5' } })
    const challenge = auth?.[port].challenge ?? ''
    const reason = verdict.missing ? 'missing' : (verdict.reason ?? 'refused')
    throw new Refusal('unauthorized', 'Credentials are missing or wrong.', {
      headers: challenge === '' ? {} : { 'www-authenticate': challenge },
      reason,
    })
  }

  async #check({ rawHeaders, query, peer }: BoardRequest): Promise<Verdict> {
    const verify = await this.#prepared()
    const head = { rawHeaders, target: `/?${query}`, source: 'dashboard', peer }
    return this.#budget(peer, async () => {
      const verdict = await verify(head)
      if (verdict.ok) return verdict
      // A browser asks once without: that is no guess.
      if (verdict.missing) return { ...verdict, unavailable: true } satisfies Refused
      await new Promise<void>((resolve) => void this.#clock.after(WRONG_MS, resolve))
      return verdict
    })
  }

  /** Secrets are read with the first request; where one cannot be read, the next request tries again. */
  #prepared(): Promise<Verify> {
    if (this.#verify !== null) return this.#verify
    const { notice } = this.#desk
    const log = (level: 'info' | 'warn' | 'error') => (facts: Parameters<typeof notice>[3], message: string) =>
      notice(`dashboard.auth:${message}`, level, message, facts)
    const logger = { info: log('info'), warn: log('warn'), error: log('error') }
    const at = { env: process.env, source: 'dashboard', logger, notice, clock: this.#clock }
    const prepared = Promise.resolve(this.#settings.auth?.[port].prepare(at) ?? (() => NOBODY))
    this.#verify = prepared
    prepared.catch(() => {
      this.#verify = null
    })
    return prepared
  }
}

const NOBODY: Refused = { ok: false }

/**
 * The connection comes from this machine, nothing says that somebody stands behind it, and it was meant for this machine:
 * a page of a stranger whose name leads here asks with that name (DNS rebinding).
 */
function assertLocal(request: BoardRequest): void {
  const { peer, rawHeaders, httpVersion } = request
  const reason =
    peer === undefined
      ? 'no peer'
      : !isLoopback(peer)
        ? 'peer'
        : isForwarded(rawHeaders)
          ? 'forwarded'
          : // No browser of today, and no curl: nginx before 1.29.7 with nothing but its defaults, which adds no header.
            httpVersion === '1.0'
            ? 'http 1.0'
            : isOfProxy(request)
              ? NO_KEEP_ALIVE
              : isLocalName(hostOf(rawHeaders))
                ? null
                : 'host'
  if (reason === null) return
  const isAlmost = reason === NO_KEEP_ALIVE && isLocalName(hostOf(rawHeaders))
  throw new Refusal('not_local', isAlmost ? KEEP_ALIVE : NOT_LOCAL, { reason: `${reason}; ${REMEDY}` })
}

function assertHost({ rawHeaders }: BoardRequest, hosts: ReadonlySet<string> | null, isOpenToOthers: boolean): void {
  if (hosts === null && isOpenToOthers) return
  const host = hostOf(rawHeaders)
  // Local names are asserted already.
  if (hosts === null || hosts.has(host) || hosts.has(withoutPort(host))) return
  throw new Refusal('host_not_allowed', 'This dashboard does not answer under this name.', { reason: 'host' })
}

/** In lower case; empty where it is missing or there twice. */
export function hostOf(rawHeaders: readonly string[]): string {
  const host = singleHeader(rawHeaders, 'host') ?? (hasHost(rawHeaders) ? null : firstHeader(rawHeaders, ':authority'))
  return (host ?? '').trim().toLowerCase()
}

const hasHost = (rawHeaders: readonly string[]) => firstHeader(rawHeaders, 'host') !== null

const withoutPort = (host: string) => host.replace(/:\d{1,5}$/, '')

export function isLoopback(peer: string): boolean {
  const address = peer.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '')
  return address === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address)
}

/** Names that no resolver can lead elsewhere (RFC 6761 section 6.3). */
export function isLocalName(host: string): boolean {
  const name = withoutPort(host)
  return /^(?:localhost|[a-z\d-]+\.localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/.test(name)
}

/**
 * Later ones speak 1.1, and name us as the host. `Connection` is for one connection: a proxy must not hand on that of its
 * client (RFC 9110 section 7.6.1), and says `close` or nothing itself. There is none in HTTP/2.
 */
function isOfProxy({ rawHeaders, httpVersion }: BoardRequest): boolean {
  return httpVersion === '1.1' && !/^\s*keep-alive\s*$/i.test(singleHeader(rawHeaders, 'connection') ?? '')
}

/** What proxies, balancers and networks of caches leave behind. */
const FORWARDED =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|cf-.*|cdn-loop|fastly-client-ip|x-envoy-.*|x-amzn-.*|x-amz-cf-.*|x-arr-.*|x-proxy.*|x-remote-.*|x-host|x-scheme|x-request-start|x-varnish|proxy-connection|tailscale-.*|x-original-.*|x-azure-.*|fly-.*)$/i

function isForwarded(rawHeaders: readonly string[]): boolean {
  return rawHeaders.some((name, at) => at % 2 === 0 && FORWARDED.test(name))
}

/** What the host's own `access` said. @throws Refusal for nobody; OptionError for what is no `Access` */
function rightsGiven(given: unknown): Rights {
  if (given === null || given === undefined) throw new Refusal('not_found', 'There is nothing here.')
  if (!isObject(given) || typeof given.who !== 'string' || given.who.trim() === '')
    throw new TypeError('access must give { who } with a name, or null')
  const { who, ...access } = given as unknown as Access
  return { who, ...rightsOf('access', access) }
}
