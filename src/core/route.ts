/** From request line to source: compared as bytes, undecoded, case kept, one trailing slash allowed. */
import type { NeutralRequest, Provider } from './ports.ts'

/** Source names: path segments that need no escaping anywhere. */
export const SOURCE_NAME: RegExp = /^[a-z0-9][a-z0-9_-]*$/

/** The name in the place of a source; whether there is such a source is the caller's question. */
export function sourceName(request: NeutralRequest): string | null {
  if (request.source !== undefined) return request.source
  const path = withoutSlash(request.target.split(/[?#]/, 1)[0] as string)
  const cut = path.lastIndexOf('/')
  if (request.prefix !== undefined && path.slice(0, Math.max(cut, 0)) !== withoutSlash(request.prefix)) return null
  return path.slice(cut + 1)
}

const withoutSlash = (path: string) => (path.endsWith('/') ? path.slice(0, -1) : path)

export type Method = 'post' | 'look' | 'other'

/** HEAD is answered everywhere, GET where the sender checks an address with it; neither touches the store. */
export function methodOf(request: NeutralRequest, provider: Provider): Method {
  if (request.method === 'POST') return 'post'
  return request.method === 'HEAD' || (request.method === 'GET' && provider.answersGet) ? 'look' : 'other'
}

export const allowed = (provider: Provider): string => (provider.answersGet ? 'POST, GET, HEAD' : 'POST, HEAD')
