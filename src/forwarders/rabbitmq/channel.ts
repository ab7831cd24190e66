/** A channel in confirm mode, opened when it is needed, and again after it was closed. */
import { PosthornError } from '../../errors.ts'
import { confirmedBy, said } from '../kit/forward.ts'

export interface Published {
  readonly exchange: string
  readonly routingKey: string
  readonly content: Buffer
  readonly options: PublishOptions
}

export interface PublishOptions {
  readonly messageId: string
  readonly mandatory: true
  readonly persistent: true
  readonly contentType: string
  readonly type: string
  readonly timestamp: number
}

/** As much of amqplib's `ConfirmChannel` as is called. */
export interface ConfirmChannelLike {
  publish(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: PublishOptions,
    confirmed: (error: unknown) => void,
  ): boolean
  on(event: 'return', listener: (message: ReturnedLike) => void): unknown
  on(event: 'error' | 'close', listener: (error?: unknown) => void): unknown
}

export interface ReturnedLike {
  readonly fields: object
  readonly properties: { readonly messageId?: unknown }
}

/** A connection of amqplib. */
export interface ConnectionLike {
  createConfirmChannel(): Promise<ConfirmChannelLike>
}

/** The broker has closed the channel because of one message, such as one to an exchange that is not there. */
export class ChannelRefused extends PosthornError {
  constructor(error: unknown) {
    super('ERR_FORWARD_REFUSED', `the broker closed the channel: ${said(error)}`)
  }
}

interface Open {
  readonly channel: ConfirmChannelLike
  /** How many messages of an id came back, and are still to be confirmed. */
  readonly returned: Map<string, number>
  /** Why the broker has closed it: something that was published to it is wrong. */
  refusal: PosthornError | null
}

export class ConfirmingChannel {
  readonly #connection: ConnectionLike
  #opening: Promise<Open> | null = null

  constructor(connection: ConnectionLike) {
    this.#connection = connection
  }

  /**
   * Resolves when a queue has the message: the broker confirms one that no queue takes, too, after it has returned it.
   * @throws ERR_FORWARD_REFUSED for one that came back; ChannelRefused for all that were under way where the broker has closed
   * the channel because of one; ERR_FORWARD_UNCONFIRMED
   */
  async publish({ exchange, routingKey, content, options }: Published): Promise<void> {
    const open = await confirmedBy(() => this.#open())
    const { channel, returned } = open
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    await confirmedBy(async () => {
      const confirmed = (error: unknown) => (error ? reject(open.refusal ?? error) : resolve())
      channel.publish(exchange, routingKey, content, options, confirmed)
      await promise
    })
    if (!takeOne(returned, options.messageId)) return
    throw new PosthornError('ERR_FORWARD_REFUSED', 'the broker returned the message: no queue takes its routing key')
  }

  #open(): Promise<Open> {
    this.#opening ??= this.#openAnew()
    return this.#opening
  }

  async #openAnew(): Promise<Open> {
    try {
      const channel = await this.#connection.createConfirmChannel()
      const returned = new Map<string, number>()
      channel.on('return', ({ properties }) => {
        const id = String(properties.messageId)
        returned.set(id, (returned.get(id) ?? 0) + 1)
      })
      const open: Open = { channel, returned, refusal: null }
      // Comes before the callbacks of those who wait.
      channel.on('error', (error) => {
        open.refusal = new ChannelRefused(error)
      })
      channel.on('close', () => this.#forget())
      return open
    } catch (error) {
      this.#forget()
      throw error
    }
  }

  #forget(): void {
    this.#opening = null
  }
}

function takeOne(returned: Map<string, number>, id: string): boolean {
  const count = returned.get(id) ?? 0
  if (count > 1) returned.set(id, count - 1)
  else returned.delete(id)
  return count > 0
}
