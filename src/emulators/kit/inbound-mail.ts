/** A mail that comes in at an emulated sender. */
import { OptionError } from '../../errors.ts'
import { keysOf, kindOf, knownKeys } from '../../lib/options.ts'
import { textsOption } from './options.ts'

export interface InboundMail {
  /** The sender's address, in the envelope and in the header. */
  readonly from: string
  /** The recipient; it picks the relay webhook by its domain, the parse route by the address. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html?: string
  readonly cc?: readonly string[]
  readonly attachments?: readonly InboundAttachment[]
}

export interface InboundAttachment {
  readonly filename: string
  /** Default `application/octet-stream`. */
  readonly contentType?: string
  readonly content: string | Uint8Array
}

const KEYS = keysOf<InboundMail>({
  ...{ from: true, to: true, subject: true, text: true, html: true, cc: true, attachments: true },
})
const ATTACHMENT_KEYS = keysOf<InboundAttachment>({ filename: true, contentType: true, content: true })

/** @throws OptionError for what is wrong, unknown or not there, and for line breaks in a header */
export function checkMail(mail: InboundMail): void {
  knownKeys('inbound', mail, KEYS)
  const { from, to, subject, text, html, cc, attachments = [] } = mail
  for (const [name, value] of Object.entries({ from, to, subject })) assertLine(name, value)
  for (const one of textsOption('inbound: cc', cc) ?? []) assertLine('cc', one)
  for (const [name, value] of Object.entries({ text, html: html ?? '' }))
    if (typeof value !== 'string') throw new OptionError(`inbound: ${name} must be text`)
  if (!Array.isArray(attachments))
    throw new OptionError(`inbound: attachments must be a list, got ${kindOf(attachments)}`)
  for (const one of attachments) checkAttachment(one)
}

function checkAttachment(attachment: InboundAttachment): void {
  knownKeys('inbound: attachments', attachment, ATTACHMENT_KEYS)
  const { filename, contentType = '', content } = attachment
  assertLine('filename', filename)
  assertLine('contentType', contentType)
  if (typeof content !== 'string' && !(content instanceof Uint8Array))
    throw new OptionError(`inbound: content must be text or bytes, got ${kindOf(content)}`)
}

function assertLine(name: string, value: unknown): void {
  if (typeof value !== 'string' || /[\r\n]/.test(value))
    throw new OptionError(`inbound: ${name} must be text in one line`)
}

/** An encoded word of RFC 2047 where a header is not ASCII. */
export function encodedWord(value: string): string {
  if (/^[\x20-\x7e]*$/.test(value)) return value
  return `=?utf-8?B?${Buffer.from(value).toString('base64')}?=`
}

/** The headers of the part that an attachment is. */
export function attachmentHeaders({ filename, contentType }: InboundAttachment): [name: string, value: string][] {
  const name = encodedWord(filename).replaceAll(/["\\]/g, '\\$&')
  return [
    ['Content-Type', contentType ?? 'application/octet-stream'],
    ['Content-Disposition', `attachment; filename="${name}"`],
    ['Content-Transfer-Encoding', 'base64'],
  ]
}

export const toBase64 = ({ content }: InboundAttachment): string => Buffer.from(content).toString('base64')
