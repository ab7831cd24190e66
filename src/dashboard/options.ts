/** The options of `dashboard`, checked. */
import { OptionError } from '../errors.ts'
import { keysOf, kindOf, knownKeys, oneOf, shown } from '../lib/options.ts'
import { port } from '../lib/symbols.ts'
import type { Auth } from '../ports/auth.ts'
import type { Access, Action, DashboardLink, DashboardOptions } from '../ports/board.ts'
import type { Rights } from './types.ts'

export type { DashboardLink, DashboardOptions } from '../ports/board.ts'

export interface DashboardSettings {
  readonly auth: Auth | null
  readonly rights: Omit<Rights, 'who'>
  /** null: any. */
  readonly hosts: ReadonlySet<string> | null
  readonly origins: ReadonlySet<string>
  readonly framedBy: readonly string[]
  readonly links: readonly DashboardLink[]
}

export const ACTIONS: readonly Action[] = [
  ...(['retry', 'replay', 'reparse', 'drop'] as const),
  ...(['pause', 'resume', 'prune', 'erase'] as const),
]

const KEYS = keysOf<DashboardOptions>({
  ...{ auth: true, access: true, hosts: true, origins: true, framedBy: true, links: true },
})
const ACCESS = keysOf<Omit<Access, 'who'>>({ people: true, bytes: true, act: true })
const LINK = keysOf<DashboardLink>({ label: true, href: true })

/** @throws OptionError */
export function settingsOf(options: DashboardOptions): DashboardSettings {
  knownKeys('dashboard', options, KEYS)
  const { auth, access = {}, hosts, origins = [], framedBy = [], links = [] } = options
  knownKeys('dashboard: access', access, ACCESS)
  return {
    auth: auth === undefined ? null : checkedAuth(auth),
    rights: rightsOf('dashboard: access', access),
    hosts: hosts === undefined ? null : new Set(texts('hosts', hosts).map((host) => host.toLowerCase())),
    origins: new Set(texts('origins', origins).map((one) => originOf('origins', one))),
    framedBy: texts('framedBy', framedBy).map((one) => originOf('framedBy', one)),
    links: checkedLinks(links),
  }
}

/** A secret in an address ends up in histories, logs and the `Referer` of others. */
function checkedAuth(auth: Auth): Auth {
  const behind = Object(auth)[port] as Auth[typeof port] | undefined
  if (behind === undefined) throw new OptionError(`dashboard: auth must be of posthorn/auth, got ${kindOf(auth)}`)
  if (behind.places !== undefined && (behind.places.path !== null || behind.places.query))
    throw new OptionError(
      `dashboard: auth "${auth.scheme}" has its secret in the address, where histories and logs keep it: take basic, bearer, token, header, jwt or custom`,
    )
  if (auth.scheme === 'unauthenticated')
    throw new OptionError(
      'dashboard: unauthenticated is no auth: leave it out, and the dashboard answers this machine alone',
    )
  return auth
}

/** @throws OptionError */
export function rightsOf(name: string, access: Omit<Access, 'who'>): Omit<Rights, 'who'> {
  const { people, bytes = false, act = [] } = access
  if (typeof bytes !== 'boolean') throw new OptionError(`${name}.bytes must be true or false, got ${kindOf(bytes)}`)
  if (!Array.isArray(act) || act.some((one) => !ACTIONS.includes(one)))
    throw new OptionError(`${name}.act must be a list of ${ACTIONS.join(', ')}`)
  return { people: oneOf(`${name}.people`, people, 'masked', ['masked', 'clear']), bytes, act: [...new Set(act)] }
}

function texts(name: string, given: readonly string[]): readonly string[] {
  if (Array.isArray(given) && given.every((one) => typeof one === 'string' && one.trim() !== '')) return given
  throw new OptionError(`dashboard: ${name} must be a list of texts`)
}

function originOf(name: string, text: string): string {
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol) && url.origin === text.toLowerCase().replace(/\/$/, ''))
    return url.origin
  throw new OptionError(`dashboard: ${name} takes origins such as "https://ops.example", got ${shown(text)}`)
}

function checkedLinks(links: readonly DashboardLink[]): readonly DashboardLink[] {
  if (!Array.isArray(links)) throw new OptionError('dashboard: links must be a list')
  return links.map((link) => {
    knownKeys('dashboard: links', link, LINK)
    if (typeof link.label !== 'string' || link.label.trim() === '')
      throw new OptionError('dashboard: links: each has a label')
    const unknown = String(link.href).match(/\{(?!(?:messageId|key|source|deliveryId)\})[^}]*\}?/)
    if (unknown !== null) throw new OptionError(`dashboard: links: there is nothing to put for ${shown(unknown[0])}`)
    if (URL.parse(String(link.href).replaceAll(/[{}]/g, ''))?.protocol !== 'https:')
      throw new OptionError(`dashboard: links: href must begin with https://, got ${shown(link.href)}`)
    return { label: link.label, href: link.href }
  })
}
