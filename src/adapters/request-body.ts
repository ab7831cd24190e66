/** The body of a Node request, as far as it can still be had. */
import type { IncomingMessage } from 'node:http'
import { firstHeader } from '../http/headers.ts'
import type { NeutralRequest } from '../ports/host.ts'
import { rawHeadersOf } from './raw-headers.ts'
import { RequestStream } from './request-stream.ts'

/**
 * The body as it can be had: null when there is none, a stream when nobody has touched it, the bytes a parser before us
 * has kept (`rawBody`, or `body` of `express.raw()`), else `'consumed'`. Reads nothing yet.
 */
export function bodyOf(req: IncomingMessage, rawHeaders = rawHeadersOf(req)): NeutralRequest['body'] {
  if (!announcesBody(req, rawHeaders)) return null
  const touched = req.readableDidRead || req.readableEnded || req.readableEncoding !== null
  if (!touched) return new RequestStream(req)
  return keptBytes(req) ?? (hasNoBytes(req, rawHeaders) ? null : 'consumed')
}

/** Ended without a byte; a stand-in whose stream ended before it was read had some, where their number says so. */
function hasNoBytes(req: IncomingMessage, rawHeaders: readonly string[]): boolean {
  return req.readableEnded && !req.readableDidRead && !(Number(firstHeader(rawHeaders, 'content-length')) > 0)
}

/**
 * Whether a body was announced (RFC 9112 section 6.3); HTTP/2 need not announce one. From the raw list: Node makes
 * `req.headers` when it is asked for them, and nothing else here does.
 */
export function announcesBody(req: IncomingMessage, rawHeaders = rawHeadersOf(req)): boolean {
  const length = firstHeader(rawHeaders, 'content-length')
  if (length === null ? req.httpVersionMajor > 1 : Number(length) !== 0) return true
  return firstHeader(rawHeaders, 'transfer-encoding') !== null
}

/** Only bytes: text or an object made of them cannot be turned back into what was sent. */
function keptBytes(req: IncomingMessage & { rawBody?: unknown; body?: unknown }): Uint8Array | null {
  if (req.rawBody instanceof Uint8Array) return req.rawBody
  return req.body instanceof Uint8Array ? req.body : null
}
