/** From request line to source: compared as bytes, undecoded, case kept, one trailing slash allowed. */
import { pathOf } from '../../http/target.ts'
import type { NeutralRequest } from '../../ports/host.ts'
import type { Provider } from '../../ports/provider.ts'

/** Source names: path segments that need no escaping anywhere. */
export const SOURCE_NAME: RegExp = /^[a-z0-9][a-z0-9_-]*$/

/**
 * The name in the place of a source; whether there is such a source is the caller's question. `hasSegment` tells of a
 * name whether a secret may stand before it.
 */
export function sourceName(request: NeutralRequest, hasSegment: (name: string) => boolean): string | null {
  if (request.source !== undefined) return request.source
  const path = pathOf(request.target)
  const cut = path.lastIndexOf('/')
  const name = path.slice(cut + 1)
  if (request.prefix === undefined) return name
  const [before, prefix] = [path.slice(0, Math.max(cut, 0)), pathOf(request.prefix)]
  if (before === prefix) return name
  const above = before.lastIndexOf('/')
  return above >= 0 && before.slice(0, above) === prefix && hasSegment(name) ? name : null
}

export type Method = 'post' | 'look' | 'other'

/** HEAD is answered everywhere, GET where the sender checks an address with it; neither touches the store. */
export function methodOf(request: NeutralRequest, provider: Provider): Method {
  if (request.method === 'POST') return 'post'
  return request.method === 'HEAD' || (request.method === 'GET' && provider.answersGet) ? 'look' : 'other'
}

export const allowed = (provider: Provider): string => (provider.answersGet ? 'POST, GET, HEAD' : 'POST, HEAD')
