/** The attachments in a body of the Parse API. Private. */
import { randomUUID } from 'node:crypto'
import { isObject } from '../../lib/guards.ts'
import type { MailAttachment } from '../../types.ts'
import { stepsOf, takeApart, toAttachment, UNKNOWN_TYPE } from '../kit/mime.ts'

type Wire = Readonly<Record<string, unknown>>

interface Piece {
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** Base64, whatever its headers say (mailjet/api-documentation guides/_parse-api.md, March 2023). */
  readonly content: string
  readonly isInline: boolean
}

const NAMED = /^(Inline)?Attachment\d+$/

/**
 * Mailjet has taken the mail apart: the headers of a part stand in `Parts`, its content in the field that `ContentRef`
 * names. The headers are put together as those of a new mail whose parts are empty, so that types and names are read as
 * those of any mail. The tree that the parts were in is not told, and not guessed. Content that no part names is an
 * attachment without a name.
 */
export async function attachmentsIn(wire: Wire): Promise<readonly MailAttachment[]> {
  const pieces = piecesOf(wire)
  if (pieces.length === 0) return []
  const found = await takeApart(() => stepsOf(toMail(pieces)))
  // A part that says that it is a box of parts is none of those found.
  const byPlace = new Map(found.map((one) => [one.partId, toAttachment(one)]))
  return pieces.map(({ content, isInline }, at) => ({
    ...(byPlace.get(String(at + 1)) ?? NOTHING_TOLD),
    isInline,
    bytes: Buffer.from(content, 'base64'),
  }))
}

const NOTHING_TOLD = { filename: null, contentType: UNKNOWN_TYPE, contentId: null }

function piecesOf(wire: Wire): Piece[] {
  const headers = new Map<string, Piece['headers']>()
  for (const part of Array.isArray(wire.Parts) ? wire.Parts : [])
    if (isObject(part) && typeof part.ContentRef === 'string') headers.set(part.ContentRef, headersOf(part.Headers))
  const named = Object.entries(wire).filter(([name]) => NAMED.test(name))
  return named.flatMap(([name, content]) =>
    typeof content === 'string'
      ? [{ headers: headers.get(name) ?? [], content, isInline: name.startsWith('Inline') }]
      : [],
  )
}

function toMail(pieces: readonly Piece[]): Buffer {
  const boundary = randomUUID()
  const parts = pieces.map(({ headers }) => `--${boundary}\r\n${headOf(headers)}\r\n\r\n\r\n`)
  return Buffer.from(
    `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n${parts.join('')}--${boundary}--\r\n`,
  )
}

/** A line break in a value would begin a header, or the content. */
const oneLine = (text: string): string => text.replaceAll(/[\r\n\0]+/g, ' ')

function headOf(headers: Piece['headers']): string {
  const value = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1]
  const type = value('content-type') ?? UNKNOWN_TYPE
  // Whatever it was, here it is attached: a text would be read as that of the mail, a mail as one inside of it.
  const disposition = `attachment${/;.*/s.exec(value('content-disposition') ?? '')?.[0] ?? ''}`
  const id = value('content-id')
  const lines = [
    `Content-Type: ${type}`,
    `Content-Disposition: ${disposition}`,
    ...(id === undefined ? [] : [`Content-ID: ${id}`]),
    'Content-Transfer-Encoding: base64',
  ]
  return lines.map(oneLine).join('\r\n')
}

/** Most are lists, some text; both occur for every name. */
export function headersOf(headers: unknown): [name: string, value: string][] {
  if (!isObject(headers)) return []
  return Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().flatMap((value): [string, string][] => (typeof value === 'string' ? [[name, value]] : [])),
  )
}
