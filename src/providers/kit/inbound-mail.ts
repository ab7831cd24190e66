/** A mail that came in, as an event has it. Private. */
import type { InboundMail, MailAttachment } from '../../types.ts'

export type MailFields = Omit<InboundMail, 'attachments' | 'raw'>

export interface MailParts {
  raw(): Uint8Array | null
  attachments(): Promise<readonly MailAttachment[]>
}

/** A class, so that a copy of an event, and its JSON, have the fields and nothing that could not be copied. */
export class Mail implements InboundMail {
  readonly from: string | null
  readonly envelopeFrom: string | null
  readonly envelopeTo: readonly string[]
  readonly subject: string | null
  readonly text: string | null
  readonly html: string | null
  readonly headers: InboundMail['headers']
  readonly #parts: MailParts

  constructor({ from, envelopeFrom, envelopeTo, subject, text, html, headers }: MailFields, parts: MailParts) {
    this.from = from
    this.envelopeFrom = envelopeFrom
    this.envelopeTo = envelopeTo
    this.subject = subject
    this.text = text
    this.html = html
    this.headers = headers
    this.#parts = parts
  }

  attachments(): Promise<readonly MailAttachment[]> {
    return this.#parts.attachments()
  }

  raw(): Uint8Array | null {
    return this.#parts.raw()
  }
}
