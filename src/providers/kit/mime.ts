/** The attachments of a mail. Private. */
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Attachment } from 'mailparser'
import { PosthornError } from '../../errors.ts'
import type { MailAttachment } from '../../types.ts'
import { safeFilename } from './safe-filename.ts'

/** What a mail needs no parsing of here: its sender has done that. */
const OPTIONS = { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true, skipTextLinks: true } as const

/** A mail is put to the parser so many bytes or characters at a time, and the event loop gets its turn in between. */
const STEP = 64 << 10

/** Mails are parsed one after the other: several at once would take no less time, and several times the memory. */
let last: Promise<unknown> = Promise.resolve()

/**
 * Of a mail, whose steps are asked for when its turn comes.
 * @throws ERR_MAIL_UNREADABLE
 */
export async function attachmentsOf(steps: () => Iterable<Buffer>): Promise<readonly MailAttachment[]> {
  return (await takeApart(steps)).map(toAttachment)
}

/**
 * As the parser gives them, `partId` with its place among the parts: "2". mailparser goes over a mail as a stream and gives
 * up one with more than 1 000 parts or 1 MB of headers; postal-mime, which takes it whole, held the event loop for up to
 * 6.5 s over 20 MB of text, and for 8 s over 200 000 parts (Node 24).
 * @throws ERR_MAIL_UNREADABLE
 */
export function takeApart(steps: () => Iterable<Buffer>): Promise<readonly Attachment[]> {
  const found = last.then(() => parse(steps()))
  last = found.then(nothing, nothing)
  return found
}

/** What was found is its caller's: to keep it here would hold a mail until the next one comes. */
const nothing = (): void => {}

async function parse(steps: Iterable<Buffer>): Promise<readonly Attachment[]> {
  // Built into a file of its own, which only those load who ask for attachments.
  const { simpleParser } = await import('mailparser')
  try {
    return (await simpleParser(Readable.from(paced(steps)), OPTIONS)).attachments
  } catch (cause) {
    throw new PosthornError('ERR_MAIL_UNREADABLE', 'the mail cannot be taken apart', { cause })
  }
}

async function* paced(steps: Iterable<Buffer>): AsyncGenerator<Buffer> {
  for (const step of steps) {
    yield step
    await nextTurn()
  }
}

export function* stepsOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += STEP) yield bytes.subarray(at, at + STEP)
}

/** Of a text in UTF-8, which is never held as bytes as a whole. */
export function* stepsOfText(text: string): Generator<Buffer> {
  for (let at = 0; at < text.length; ) {
    const end = endOfStep(text, at)
    yield Buffer.from(text.slice(at, end))
    at = end
  }
}

/** Not between the halves of a surrogate pair. */
function endOfStep(text: string, at: number): number {
  const last = text.charCodeAt(at + STEP - 1)
  return at + (last >= 0xd800 && last < 0xdc00 ? STEP + 1 : STEP)
}

/** What a part without a type is taken for. */
export const UNKNOWN_TYPE = 'application/octet-stream'

export function toAttachment(attachment: Attachment): MailAttachment {
  const { filename, contentType, cid, related, contentDisposition, content } = attachment
  return {
    filename: safeFilename(filename ?? null),
    // An empty header is given as the object that its parameters were read into.
    contentType: typeof contentType === 'string' ? contentType.toLowerCase() : UNKNOWN_TYPE,
    contentId: cid ?? null,
    isInline: related || contentDisposition === 'inline',
    bytes: content,
  }
}
