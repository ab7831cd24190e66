/** Handing out something once for each key: exported as `onceFor` from `posthorn/esputnik`. */
import { OptionError, PosthornError } from '../../../errors.ts'
import { isObject } from '../../../lib/guards.ts'
import { keysOf, kindOf, knownKeys } from '../../../lib/options.ts'
import { port } from '../../../lib/symbols.ts'
import type { KeptByKey } from '../../../ports/responder.ts'
import type { CallWithDoor, OnceDoor, WorkflowCall } from './call.ts'
import type { RecordKind } from './record.ts'

export interface OnceOptions {
  /**
   * Sets what is made here apart from what other functions of `onceFor` make for equal keys of one source. Default:
   * `'once'`. Two with one name in one source are refused when they are called.
   */
  readonly name?: string
}

/** What `make` is told beside the call. */
export interface OnceFacts {
  readonly key: string
  /**
   * The key was reserved by an earlier call whose answer is not known: that call failed, its process died, another process
   * at the same database is at it, its answer was erased or let go of by retention. `make` may have been called for it.
   * False also where the reservation itself is let go of: after `retention.keys`, 7 days by default.
   */
  readonly again: boolean
}

const KEYS = keysOf<OnceOptions>({ name: true })
const LONGEST_KEY = 1_024

/**
 * A function for `respond` that makes an answer once for each key, and gives every later call of the key the same one: a
 * promo code for each contact, a token for each launch of a workflow.
 *
 * The key is stored in the inbox before `make` is called, the answer after it. Calls of one key that come together in one
 * process wait for one `make`. Where the inbox cannot store the key, `make` is not called and the function rejects with an
 * `ERR_INBOX_…` error: the call is answered 503, or with `fallback`. `make` must be idempotent by the key, as `insert …
 * on conflict do nothing` is: it is called again with `again: true` where an earlier answer is not known. Answers are
 * known for as long as `retention` keeps bodies (7 days by default).
 *
 * @example
 * const promocode = onceFor(
 *   (call: WorkflowCall<{ email: string }>) => call.params.email.toLowerCase(),
 *   async (call, { key }) => ({ promocode: await codes.takeFor(key) }),
 * )
 * esputnikWorkflow({ auth, params, respond: promocode })
 * @throws OptionError for arguments that are no functions, and unknown options; the function it returns rejects with one for a key that is no
 * text of 1 to 1024 characters, and where the answer cannot be written as JSON
 */
export function onceFor<P, A>(
  keyOf: (call: WorkflowCall<P>) => string | null,
  make: (call: WorkflowCall<P>, facts: OnceFacts) => A | Promise<A>,
  options: OnceOptions = {},
): (call: WorkflowCall<P>) => Promise<A> {
  if (typeof keyOf !== 'function' || typeof make !== 'function')
    throw new OptionError(
      `onceFor takes two functions, from a call to its key and to its answer, got ${kindOf(keyOf)} and ${kindOf(make)}`,
    )
  knownKeys('onceFor', options, KEYS)
  const { name = 'once' } = options
  if (typeof name !== 'string' || name === '') throw new OptionError('onceFor: name must be a text')
  const underWay = new Map<string, Making>()
  const self = {}
  return async function once(call) {
    const { kept, names } = doorOf(call)
    claimName(names, name, self)
    const key = checkKey(keyOf(call))
    const id = JSON.stringify([call.source, key])
    const asking = { kept, name, key, call: call as WorkflowCall<never> }
    const making = underWay.get(id) ?? begin(underWay, id, asking, make as Make)
    try {
      // Each caller gets an object of its own; it is what `make` gave, written and read.
      return JSON.parse(await making.text) as A
    } catch (error) {
      // It failed for a caller that nobody waits for any more; this one is still waited for.
      if (making.signal.aborted && !call.signal.aborted) return once(call)
      throw error
    }
  }
}

/** An answer that is being made, for the call whose signal this is. */
interface Making {
  readonly signal: AbortSignal
  readonly text: Promise<string>
}

function begin(underWay: Map<string, Making>, id: string, asking: Asking, make: Make): Making {
  const making = { signal: asking.call.signal, text: answer(asking, make) }
  underWay.set(id, making)
  const over = () => void underWay.delete(id)
  making.text.then(over, over)
  return making
}

type Make = (call: WorkflowCall<never>, facts: OnceFacts) => unknown

interface Asking {
  readonly kept: KeptByKey
  readonly name: string
  readonly key: string
  readonly call: WorkflowCall<never>
}

/** JSON text. */
async function answer({ kept, name, key, call }: Asking, make: Make): Promise<string> {
  const [reservation, result] = [JSON.stringify([name, key]), JSON.stringify([name, key, 'answer'])]
  const isNew = await kept.put(reservation, bodyOf({ name, key }))
  // Also of a new key: retention lets go of a reservation before it lets go of an answer that was made later.
  const earlier = readAnswer(await kept.get(result))
  if (earlier !== null) return earlier
  if (call.signal.aborted) throw new PosthornError('ERR_REQUEST_OVER', 'nobody waits for the answer any more')
  const text = JSON.stringify(await make(call, { key, again: !isNew }))
  if (text === undefined) throw new OptionError('onceFor: the answer of make cannot be written as JSON')
  // Made is made: a later call of the key asks `make` again, which knows it.
  await kept.put(result, bodyOf({ name, key, answer: JSON.parse(text) })).catch(() => {})
  return text
}

function bodyOf(what: object): Uint8Array {
  return Buffer.from(JSON.stringify({ record: 'workflow_once' satisfies RecordKind, ...what }))
}

/** null: not there, or erased. */
function readAnswer(body: Uint8Array | null): string | null {
  if (body === null) return null
  const record: unknown = JSON.parse(Buffer.from(body).toString())
  return isObject(record) && 'answer' in record ? JSON.stringify(record.answer) : null
}

/** Two would hand out each other's answers. */
function claimName(names: OnceDoor['names'], name: string, self: object): void {
  const owner = names.get(name) ?? self
  if (owner !== self)
    throw new OptionError(`onceFor: two in one source are called "${name}": give one of them a name of its own`)
  names.set(name, self)
}

function doorOf(call: unknown): OnceDoor {
  const found = (call as Partial<CallWithDoor> | undefined)?.[port]
  if (found !== undefined) return found
  throw new OptionError('onceFor: its function takes the call that respond was given')
}

function checkKey(key: unknown): string {
  if (typeof key === 'string' && key !== '' && key.length <= LONGEST_KEY) return key
  throw new OptionError(`onceFor: the key must be a text of 1 to ${LONGEST_KEY} characters, got ${kindOf(key)}`)
}
