/**
 * The one list of senders: a new one is a folder beside this file, and a line here (docs/add-a-sender.md). The command
 * line, the samples, the schemas and the documents follow it.
 */
import { sender as esputnik } from './esputnik/sender.ts'
import type { EventOf } from './kit/sender.ts'
import { sender as mailjet } from './mailjet/sender.ts'
import { sender as momentum } from './momentum/sender.ts'

export const SENDERS = [momentum, mailjet, esputnik] as const

/** Every event of every sender. */
export type SenderEvent = EventOf<(typeof SENDERS)[number]>
