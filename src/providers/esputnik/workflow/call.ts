/** A call as `respond` gets it. Private. */

import { port } from '../../../lib/symbols.ts'
import type { Asked, CallTools, KeptByKey } from '../../../ports/responder.ts'
import type { ReadCall } from './parameters.ts'
import { instanceIdOf } from './record.ts'

/** One request of a workflow: what it asks, checked by the schema. */
export interface WorkflowCall<P = unknown> {
  /** Unique to this request. A workflow that is launched again, or repeats a request, comes with another one. */
  readonly id: string
  readonly source: string
  readonly method: 'GET' | 'POST'
  /** What the schema made of the parameters. */
  readonly params: P
  /** The launch of the workflow, where it sends `$workflowInstanceId` as `workflowInstanceId`; else null. */
  readonly workflowInstanceId: string | null
  /** The body as it came; null where there is none. */
  readonly text: string | null
  /** As received, names in lower case; without credentials and cookies. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** Fires when the sender has gone, and when `timeoutMs` is over: nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** What `onceFor` reaches the inbox through. */
export interface OnceDoor {
  readonly kept: KeptByKey
  /** Of one source: whose each name is. */
  readonly names: Map<string, object>
}

export interface CallWithDoor extends WorkflowCall {
  readonly [port]: OnceDoor
}

type Tools = Pick<CallTools, 'signal'> & OnceDoor

export function toCall<P>(asked: Asked, read: ReadCall, params: P, { signal, ...door }: Tools): WorkflowCall<P> {
  const { id, source, method, headers } = asked
  const call: WorkflowCall<P> = {
    ...{ id, source, params, headers, signal, text: read.text },
    method: method === 'GET' ? 'GET' : 'POST',
    workflowInstanceId: instanceIdOf(read.parameters),
  }
  // Not enumerable: a call may be logged.
  return Object.freeze(Object.defineProperty(call, port, { value: door }))
}
