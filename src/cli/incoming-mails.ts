/** `posthorn emulate --inbound`: mails that come in at an emulated sender, at a steady rate. */
import type { InboundMail } from '../emulators/kit/inbound-mail.ts'

/** Where the mails go: the domain of the relay webhook, the address of the parse route. */
export const INBOUND_DOMAIN = 'in.shop.example'
export const INBOUND_ADDRESS = `help@${INBOUND_DOMAIN}`

/** What an emulated sender does about them. */
export interface Inbound {
  /** Creates what posts them, through the API of the sender at this address. */
  create(url: string): Promise<void>
  bring(mail: InboundMail): void
}

export interface Rate {
  readonly perSecond: number
  /** Default: no end. */
  readonly most?: number | undefined
}

export class IncomingMails {
  readonly #inbound: Inbound
  readonly #rate: Rate
  readonly #since: number
  #brought = 0

  constructor(inbound: Inbound, rate: Rate, now: number) {
    this.#inbound = inbound
    this.#rate = rate
    this.#since = now
  }

  /** Brings in those that are due. */
  bring(now: number): void {
    const due = Math.floor(((now - this.#since) * this.#rate.perSecond) / 1_000)
    const end = Math.min(due, this.#rate.most ?? Number.POSITIVE_INFINITY)
    while (this.#brought < end) this.#inbound.bring(mailNumber(++this.#brought))
  }

  get isOver(): boolean {
    return this.#brought === this.#rate.most
  }
}

/** Every third one has something attached. */
function mailNumber(n: number): InboundMail {
  const text = `Where is the parcel of order ${n}?`
  const attachments = [{ filename: `order-${n}.txt`, contentType: 'text/plain', content: `order ${n}` }]
  return {
    from: `writer-${n}@shop.example`,
    to: INBOUND_ADDRESS,
    subject: `Order ${n} – a question`,
    text,
    html: `<p>${text}</p>`,
    ...(n % 3 === 0 ? { attachments } : {}),
  }
}
