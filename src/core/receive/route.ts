/** From request line to source: compared as bytes, undecoded, case kept, one trailing slash allowed. */
import { TOKEN_SEGMENT } from '../../http/place.ts'
import { pathOf } from '../../http/target.ts'
import type { NeutralRequest } from '../../ports/host.ts'
import type { SourcePort } from '../../ports/provider.ts'

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

/** The source whose tokens a request asks for, `<source>/token`; null where the request is for something else. */
export function tokenSource(request: NeutralRequest, hasIssuer: (name: string) => boolean): string | null {
  const path = pathOf(request.target)
  if (!path.endsWith(`/${TOKEN_SEGMENT}`)) return null
  const name = request.source ?? nameAbove(path, request.prefix)
  return name !== null && hasIssuer(name) ? name : null
}

/** The segment before the last; null where it does not follow the prefix. */
function nameAbove(path: string, prefix: string | undefined): string | null {
  const above = path.slice(0, path.lastIndexOf('/'))
  const cut = above.lastIndexOf('/')
  return prefix === undefined || above.slice(0, Math.max(cut, 0)) === pathOf(prefix) ? above.slice(cut + 1) : null
}

export type Method = 'post' | 'look' | 'other'

/**
 * HEAD is answered everywhere, GET where the sender checks an address with it; neither touches the store. A source that
 * answers by itself is asked with GET as with POST.
 */
export function methodOf({ method }: NeutralRequest, { provider, responder }: SourcePort): Method {
  if (method === 'POST' || (method === 'GET' && responder !== undefined)) return 'post'
  return method === 'HEAD' || (method === 'GET' && provider.answersGet) ? 'look' : 'other'
}

export const allowed = ({ provider, responder }: SourcePort): string =>
  provider.answersGet || responder !== undefined ? 'POST, GET, HEAD' : 'POST, HEAD'
