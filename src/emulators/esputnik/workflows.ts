/** Workflows: contacts, events, "Webhook" blocks, their tests and their launches (docs.yespo.io "Webhook Workflows"). */
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import { keysOf, knownKeys } from '../../lib/options.ts'
import { textOption, textsOption } from '../kit/options.ts'
import type { Random } from '../kit/random.ts'
import type { Wire } from '../kit/wire.ts'
import { type BlockCall, type BlockRules, callBlock } from './block.ts'
import { type BlockOptions, type BlockSettings, blockSettings } from './block-settings.ts'
import { type ContactKey, type ContactOptions, Contacts, type EventOptions, Events, fieldsOf } from './contacts.ts'
import { loadFill, type Values, withDoubles } from './velocity.ts'

export interface WorkflowRules extends BlockRules {
  readonly allowHttp: boolean
  readonly answerNumbers: 'double' | 'as-sent'
}

/** Whose data a test goes out with: a contact, a past event by its key, or the body of an event as typed by hand. */
export type TestOf =
  | { readonly contact: ContactKey }
  | { readonly event: string }
  /** A JSON object: the event's parameters. */
  | { readonly body: string }

const TEST_OF = keysOf<TestOf>({ contact: true, event: true, body: true })

export interface LaunchOptions {
  /** The key of the event that starts it. */
  readonly event: string
  /** The names of its blocks, called one after the other. */
  readonly blocks: readonly string[]
  /** A template, filled from the contact, the event and the answers. Default: no message. */
  readonly message?: string
  /** Of an earlier launch, to repeat it. Default: a new one. */
  readonly workflowInstanceId?: string
}

export interface Launch {
  /** A UUID of version 1; activities of its messages carry the same. */
  readonly workflowInstanceId: string
  /** In order. */
  readonly calls: readonly BlockCall[]
  /** As it is sent; null without a message. */
  readonly message: string | null
}

/** The workflows of an account. */
export interface EsputnikWorkflows {
  /** Takes the place of an earlier contact with the same id. @throws OptionError for what is wrong or unknown */
  saveContact(contact: ContactOptions): void
  /** An event that has happened; takes the place of an earlier one with the same key. @throws OptionError */
  saveEvent(event: EventOptions): void
  /**
   * Takes the place of an earlier block with the same name.
   * @throws OptionError for what is wrong or unknown, and for an `http:` address unless `allowHttp`
   */
  saveBlock(block: BlockOptions): void
  /**
   * "Send test": a real request, not marked as a test. Resolves with the request and what came back.
   * @throws OptionError (rejects) for a block, contact or event that is not there, for a body that is no JSON object, and for
   * none or several of the three
   */
  sendTest(block: string, of: TestOf): Promise<BlockCall>
  /**
   * Runs a workflow: its blocks, then its message. Resolves when the last block was answered or given up. A block that
   * fails leaves its references in the message as they are written.
   * @throws OptionError (rejects) for a block or event that is not there, and for templates that are not Velocity
   */
  launch(options: LaunchOptions): Promise<Launch>
}

export class Workflows implements EsputnikWorkflows {
  readonly #rules: WorkflowRules
  readonly #random: Random
  readonly #wire: Wire
  readonly #contacts = new Contacts()
  readonly #events = new Events()
  readonly #blocks = new Map<string, BlockSettings>()

  constructor(rules: WorkflowRules, random: Random, wire: Wire) {
    this.#rules = rules
    this.#random = random
    this.#wire = wire
  }

  saveContact(contact: ContactOptions): void {
    this.#contacts.save(contact)
  }

  saveEvent(event: EventOptions): void {
    this.#events.save(event)
  }

  saveBlock(options: BlockOptions): void {
    const block = blockSettings(options, this.#rules.allowHttp)
    this.#blocks.set(block.name, block)
  }

  async sendTest(name: string, of: TestOf): Promise<BlockCall> {
    knownKeys('sendTest', of, TEST_OF)
    if (Object.keys(of).length !== 1) throw new OptionError(`sendTest takes exactly one of ${TEST_OF.join(', ')}`)
    return callBlock(this.#block(name), this.#valuesOf(of, this.#newInstance()), this.#rules, this.#wire)
  }

  async launch(options: LaunchOptions): Promise<Launch> {
    knownKeys('launch', options, ['event', 'blocks', 'message', 'workflowInstanceId'])
    const { event, message } = options
    const blocks = (textsOption('launch: blocks', options.blocks) ?? []).map((name) => this.#block(name))
    const id = textOption('launch: workflowInstanceId', options.workflowInstanceId, this.#newInstance())
    const values = this.#valuesOf({ event }, id)
    const calls: BlockCall[] = []
    for (const block of blocks) calls.push(await callBlock(block, values, this.#rules, this.#wire))
    const withAnswers = { ...values, data: { ...values.data, ...this.#answersOf(calls) } }
    const fill = await loadFill()
    return { workflowInstanceId: id, calls, message: message === undefined ? null : fill(message, withAnswers) }
  }

  #block(name: string): BlockSettings {
    const block = this.#blocks.get(name)
    if (block === undefined) throw new OptionError('block: none with that name; save one first')
    return block
  }

  /** A request knows the contact and the event alone: answers of other blocks are for messages. */
  #valuesOf(of: TestOf, workflowInstanceId: string): Values {
    if ('contact' in of) return { contact: fieldsOf(this.#contacts.find(of.contact)), workflowInstanceId, data: {} }
    const data = 'event' in of ? this.#events.find(of.event) : typed(of.body)
    return { contact: fieldsOf(this.#contacts.ofEvent(data)), workflowInstanceId, data }
  }

  #answersOf(calls: readonly BlockCall[]): Record<string, unknown> {
    const seenAs = this.#rules.answerNumbers === 'double' ? withDoubles : (data: unknown) => data
    return Object.fromEntries(calls.flatMap(({ block, data }) => (data === null ? [] : [[block, seenAs(data)]])))
  }

  /** A UUID of version 1, as the published ones are. */
  #newInstance(): string {
    return this.#random.uuid().replace(/-4/, '-1')
  }
}

function typed(body: unknown): Record<string, unknown> {
  try {
    const params: unknown = JSON.parse(String(body))
    if (isObject(params)) return params
  } catch {}
  throw new OptionError('sendTest: body must be a JSON object')
}
