/** What is kept of a call, and how it is read again. Private. */

import { isObject, textOf } from '../../../lib/guards.ts'
import type { Reading, Unreadable } from '../../../ports/provider.ts'
import type { Asked, Outcome } from '../../../ports/responder.ts'
import { CATEGORIES } from '../../kit/catalogue.ts'
import type { ReadCall } from './parameters.ts'
import type { ParameterIssue } from './schema.ts'

/** In characters; what is longer is cut. */
const MOST_TEXT = 16_384

/** What is known of a call when it has ended; it may have ended before. */
export interface Known {
  call?: ReadCall
  broken?: { readonly broken: string; readonly text: string | null }
  issues?: readonly ParameterIssue[]
}

export function toRecord({ id, method }: Asked, { call, broken, issues }: Known, outcome: Outcome): Uint8Array {
  const { status, body, failure, tookMs } = outcome
  const record = {
    record: 'workflow_call',
    id,
    method,
    workflowInstanceId: call === undefined ? null : instanceIdOf(call.parameters),
    params: call === undefined ? null : bounded(call.parameters),
    text: cut(broken?.text ?? call?.text ?? null),
    problem: broken?.broken ?? null,
    issues: issues ?? null,
    status,
    failure,
    answer: answerOf(body),
    tookMs: Math.round(tookMs),
  }
  return Buffer.from(JSON.stringify(record))
}

/** Case matters for this one name alone (docs.yespo.io, "Webhook Workflows", June 2025). */
export function instanceIdOf({ workflowInstanceId }: Readonly<Record<string, unknown>>): string | null {
  return textOf(workflowInstanceId)
}

/** As it is where it is small; else its beginning, as text. */
function bounded(value: unknown): unknown {
  const text = JSON.stringify(value)
  return text.length <= MOST_TEXT ? value : cut(text)
}

function answerOf(body: string): unknown {
  return body.length <= MOST_TEXT ? JSON.parse(body) : cut(body)
}

const cut = (text: string | null) => text?.slice(0, MOST_TEXT) ?? null

/** What is kept under a key is of another kind. */
export type RecordKind = 'workflow_call' | 'workflow_once'

const KINDS: readonly unknown[] = ['workflow_call', 'workflow_once'] satisfies RecordKind[]

const NO_RECORD: Unreadable = Object.freeze({ unreadable: 'expected a record of a call', path: '/record' })

/** Never throws. */
export function readRecord(element: unknown): Reading | Unreadable {
  if (!isObject(element) || !KINDS.includes(element.record)) return NO_RECORD
  const { record, ...payload } = element
  return {
    name: `esputnik.${record}`,
    nativeType: String(record),
    type: 'system',
    category: CATEGORIES.system,
    payload,
    senderEventId: textOf(payload.id),
    occurredAt: null,
    occurredAtFrom: 'sender',
    recipient: null,
    channel: 'other',
    messageId: null,
    transmissionId: null,
    tags: [],
    metadata: {},
    effect: 'none',
    isTest: false,
    details: null,
  }
}
