/** What is kept of calls, as events. Types only. */
import type { TypedEvent } from '../../../types.ts'
import type { ParameterIssue } from './schema.ts'

/** A call and its answer. Texts and values of more than 16_384 characters are cut, and are text then. */
export interface EsputnikWorkflowCall {
  /** `call.id`. */
  readonly id: string
  readonly method: string
  readonly workflowInstanceId: string | null
  /** What came, before the schema; null where the body could not be read. */
  readonly params: unknown
  /** The body as text; null where there was none. */
  readonly text: string | null
  /** Why the body could not be read. */
  readonly problem: string | null
  readonly issues: readonly ParameterIssue[] | null
  /** Of the answer. */
  readonly status: number
  /** Why there was no answer of `respond`: `invalid_params`, `broken_body`, `answer_failed`, `answer_late`, `storage_failed`; else null. */
  readonly failure: string | null
  /** What the sender got. */
  readonly answer: unknown
  readonly tookMs: number
}

/** A key that `onceFor` has reserved; with `answer`, what was handed out for it. */
export interface EsputnikWorkflowOnce {
  readonly name: string
  readonly key: string
  readonly answer?: unknown
}

export type EsputnikWorkflowEvent =
  | TypedEvent<'esputnik', 'esputnik.workflow_call', 'system', EsputnikWorkflowCall>
  | TypedEvent<'esputnik', 'esputnik.workflow_once', 'system', EsputnikWorkflowOnce>
