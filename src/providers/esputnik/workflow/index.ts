/** The Webhook block of eSputnik's workflows, whose answer becomes part of a message: exported from `posthorn/esputnik`. */
import { OptionError } from '../../../errors.ts'
import { keysOf, kindOf, knownKeys, wholeNumber } from '../../../lib/options.ts'
import { port } from '../../../lib/symbols.ts'
import type { Auth } from '../../../ports/auth.ts'
import type { Provider, Source } from '../../../ports/provider.ts'
import type { Asked, CallTools, Responded, Responder } from '../../../ports/responder.ts'
import type { StandardSchema } from '../../../types.ts'
import { assertSchema } from '../../kit/metadata.ts'
import { checkSourceOptions, type SourceOptions } from '../../kit/source-options.ts'
import { checkAnswer } from './answer.ts'
import { toCall, type WorkflowCall } from './call.ts'
import type { EsputnikWorkflowEvent } from './events.ts'
import { readCall } from './parameters.ts'
import { type Known, readRecord, toRecord } from './record.ts'
import { checkParameters } from './schema.ts'

export type { WorkflowCall } from './call.ts'
export type { EsputnikWorkflowCall, EsputnikWorkflowEvent, EsputnikWorkflowOnce } from './events.ts'
export { type OnceFacts, type OnceOptions, onceFor } from './once.ts'

export interface EsputnikWorkflowOptions<P> extends Pick<SourceOptions<Auth>, 'auth' | 'limits'> {
  /**
   * Checks and types the parameters: any Standard Schema (`z.object({ email: z.email() })`). Each is looked for in the
   * query of the address, then in the body, then in `paramHeaders`. A body of plain text is the parameter `text`.
   */
  readonly params: StandardSchema<P>
  /** Headers that are parameters, by their names there: the switch "Pass parameters in headers". Default: none. */
  readonly paramHeaders?: readonly string[]
  /**
   * Makes the answer: an object, or a list of objects, whose keys a template can read. Called once for each request,
   * never again for it. What it throws is answered 500, or with `fallback`.
   */
  respond(call: WorkflowCall<P>): unknown
  /** How long the sender is let wait, in ms; past it the answer is 504, or `fallback`. Default 5_000, at most 600_000. */
  readonly timeoutMs?: number
  /** How many calls of `respond` at once; more wait, within their time. Default 32. */
  readonly concurrency?: number
  /**
   * The answer, with 200, where `respond` fails, is late, or the inbox is in trouble: a message that goes out without a
   * code is better than one with the words of a template in it. An object or a list of objects. Default: none.
   */
  readonly fallback?: object
}

const KEYS = keysOf<EsputnikWorkflowOptions<unknown>>({
  ...{ auth: true, limits: true },
  ...{ params: true, paramHeaders: true, respond: true, timeoutMs: true, concurrency: true, fallback: true },
})

/** What an author writes into a workflow is small. */
const BODY_BYTES = 256 << 10

/**
 * A source for the Webhook block of a workflow, whose answer eSputnik puts into later messages of the workflow. GET and
 * POST with query, headers, JSON, XML or text; `auth` as of any source: `basic`, `bearer`, `header`, `query`.
 *
 * `respond` is called while the sender waits, once for each request, whatever the inbox does. What was asked and
 * answered is stored afterwards as the event `esputnik.workflow_call`. Parameters that do not fit are answered 400
 * `invalid_params`, a body that is broken 400 `broken_body`, both with what is wrong and nothing of what came.
 *
 * @example
 * esputnikWorkflow({
 *   auth: basic({ username: 'yespo', password: { env: 'WORKFLOW_PASSWORD' } }),
 *   params: z.object({ email: z.email() }),
 *   respond: async ({ params }) => ({ promocode: await codes.for(params.email) }),
 *   fallback: { promocode: '' },
 * })
 * @throws OptionError for a schema that is none, a `fallback` no template can read, a name of a header that is none, and
 * wrong numbers
 */
export function esputnikWorkflow<P>(options: EsputnikWorkflowOptions<P>): Source<EsputnikWorkflowEvent> {
  knownKeys('esputnikWorkflow', options, KEYS)
  const { bodyBytes, bodyMs } = checkSourceOptions('esputnikWorkflow', options, KEYS)
  const { auth } = options
  const responder = responderOf(options)
  return Object.freeze({
    provider: provider.name,
    [port]: Object.freeze({ provider, auth, bodyBytes: bodyBytes ?? BODY_BYTES, bodyMs, responder }),
  })
}

const provider: Provider = Object.freeze({
  name: 'esputnik',
  probes: Object.freeze([]),
  answersGet: false,
  batchIdHeader: null,
  testBatchIds: new Set<string>(),
  catalogue: new Map([
    ['esputnik.workflow_call', ['system']],
    ['esputnik.workflow_once', ['system']],
  ]),
  read: readRecord,
})

function responderOf<P>(options: EsputnikWorkflowOptions<P>): Responder {
  const { params, respond, fallback } = options
  const paramHeaders = headersOf(options.paramHeaders ?? [])
  assertSchema('esputnikWorkflow: params', params)
  if (typeof respond !== 'function')
    throw new OptionError(`esputnikWorkflow: respond must be a function, got ${kindOf(respond)}`)
  const known = new WeakMap<Asked, Known>()
  const names = new Map<string, object>()
  const answer = async (call: WorkflowCall<P>, { doubt }: CallTools): Promise<Responded> => {
    const { text, doubts } = checkAnswer('the answer of respond', await options.respond(call))
    if (process.env.NODE_ENV !== 'production')
      for (const [kind, what] of doubts) doubt(kind, `the answer of "${call.source}" ${what}`)
    return { answer: text }
  }
  return {
    timeoutMs: wholeNumber('esputnikWorkflow: timeoutMs', options.timeoutMs, 5_000, 1, 600_000),
    concurrency: wholeNumber('esputnikWorkflow: concurrency', options.concurrency, 32, 1, 10_000),
    fallback: fallback === undefined ? null : checkedFallback(fallback),
    async respond(asked, tools) {
      const facts: Known = {}
      known.set(asked, facts)
      const read = await readCall(asked, paramHeaders)
      if ('broken' in read) {
        facts.broken = read
        return { refused: 'broken_body', details: { problem: read.broken } }
      }
      facts.call = read
      const checked = await checkParameters(params, read)
      if ('params' in checked) return answer(toCall(asked, read, checked.params, { ...tools, names }), tools)
      facts.issues = checked.issues
      return { refused: 'invalid_params', details: { issues: checked.issues } }
    },
    record: (asked, outcome) => toRecord(asked, known.get(asked) ?? {}, outcome),
  }
}

/** RFC 9110 section 5.6.2, token. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

function headersOf(names: readonly string[]): readonly string[] {
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string' && HEADER_NAME.test(name)))
    throw new OptionError('esputnikWorkflow: paramHeaders must be a list of names of headers')
  return [...names]
}

/** It is written once, in the code: what would be a doubt about an answer is an error here. */
function checkedFallback(fallback: unknown): string {
  const { text, doubts } = checkAnswer('esputnikWorkflow: fallback', fallback)
  for (const what of doubts.values()) throw new OptionError(`esputnikWorkflow: fallback ${what}`)
  return text
}
