/** One request of a Node server, put to a dashboard: what node and Express share, and what Fastify has of it. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { OptionError } from '../errors.ts'
import { whenLeft } from '../http/left.ts'
import { kindOf, knownKeys } from '../lib/options.ts'
import { boardDoor } from '../lib/symbols.ts'
import type { Access, BoardAnswer, BoardDoor, BoardLike, BoardRequest } from '../ports/board.ts'
import { endAfterLinger } from './linger.ts'
import { rawHeadersOf } from './raw-headers.ts'
import { announcesBody, bodyOf } from './request-body.ts'

export interface PagesOptions<R> {
  /**
   * Who asks, and what he may see and do, by the host's own session; null: nobody, who gets what the host answers where
   * nothing is. With it the dashboard answers other machines, too.
   */
  readonly access?: (req: R) => Access | null | Promise<Access | null>
}

/** @throws OptionError for what is no dashboard, and for options that are none */
export function checkedBoard<R>(mounted: string, board: BoardLike, options: PagesOptions<R>): BoardDoor {
  if (typeof board !== 'object' || board === null || !(boardDoor in board))
    throw new OptionError(
      `pages takes a dashboard, as dashboard() of posthorn/dashboard makes it, got ${kindOf(board)}: ${mounted}`,
    )
  knownKeys('pages: the options', options, ['access'])
  const { access } = options
  if (access !== undefined && typeof access !== 'function')
    throw new OptionError(`pages: access must be a function, got ${kindOf(access)}`)
  return board[boardDoor]
}

/** What the host's `access` says; `undefined`: there is none to ask. Of one that fails nobody is let in. */
export async function accessOf<R>(
  door: BoardDoor,
  { access }: PagesOptions<R>,
  req: R,
): Promise<BoardRequest['access']> {
  if (access === undefined) return undefined
  try {
    return { given: (await access(req)) ?? null }
  } catch (error) {
    door.failed('access', error)
    return { given: FAILED }
  }
}

/** No `Access`: the board says that it cannot tell now. */
const FAILED = Symbol('failed')

export const isNobody = (access: BoardRequest['access']): boolean => access !== undefined && access.given === null

/** The address that browsers ask for by themselves. */
export const isFavicon = (url: string): boolean => /^[^?]*\/favicon\.ico(?:\?|$)/.test(url)

export function boardRequestOf(
  req: IncomingMessage,
  res: ServerResponse,
  access: BoardRequest['access'],
): BoardRequest {
  const { method = '', url = '', httpVersion, socket } = req
  const rawHeaders = rawHeadersOf(req)
  const left = new AbortController()
  whenLeft(res, () => left.abort())
  const at = url.indexOf('?')
  return {
    ...{ method, query: at < 0 ? '' : url.slice(at + 1), rawHeaders, body: bodyWith(req, rawHeaders) },
    ...{ peer: socket?.remoteAddress, httpVersion, access, signal: left.signal },
    isSecure: (socket as { readonly encrypted?: boolean } | undefined)?.encrypted === true,
  }
}

/** As the host's parsers have left it: a form needs no bytes of its own. */
function bodyWith(req: IncomingMessage & { body?: unknown }, rawHeaders: readonly string[]): BoardRequest['body'] {
  const body = bodyOf(req, rawHeaders)
  if (body !== 'consumed') return body
  return typeof req.body === 'string' ? Buffer.from(req.body) : { form: req.body }
}

/** Never rejects. */
export async function servePages(
  door: BoardDoor,
  req: IncomingMessage,
  res: ServerResponse,
  access: BoardRequest['access'],
): Promise<void> {
  try {
    const answer = await door.answer(boardRequestOf(req, res, access))
    await write(req, res, answer)
  } catch (error) {
    door.failed('the host failed while a request was answered', error)
    res.destroy()
  }
}

async function write(req: IncomingMessage, res: ServerResponse, answer: BoardAnswer): Promise<void> {
  if (res.headersSent || res.destroyed) return
  const { status, headers, body } = answer
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  const isWhole = typeof body === 'string' || body instanceof Uint8Array
  if (!isWhole) return pour(res, body)
  if (req.method !== 'HEAD' && status !== 304) res.setHeader('content-length', Buffer.byteLength(body))
  const unread = !req.complete && !req.readableEnded && announcesBody(req)
  if (!unread || req.httpVersionMajor > 1) return void res.end(body)
  // A connection whose body was not read to its end cannot carry another request.
  res.setHeader('connection', 'close')
  endAfterLinger(req, res, body, (error) => res.destroy(error as Error))
}

async function drained(res: ServerResponse): Promise<void> {
  const over = new AbortController()
  const either = [once(res, 'drain', over), once(res, 'close', over)]
  await Promise.race(either).finally(() => over.abort())
}

async function pour(res: ServerResponse, texts: AsyncIterable<string>): Promise<void> {
  res.flushHeaders()
  for await (const text of texts) {
    if (res.destroyed) return
    if (!res.write(text)) await drained(res)
  }
  res.end()
}
