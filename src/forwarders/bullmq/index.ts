/** Events added to queues of BullMQ: exported as `posthorn/forwarders/bullmq`. */
import { OptionError, PosthornError } from '../../errors.ts'
import { assertFunction, keysOf, kindOf, knownKeys } from '../../lib/options.ts'
import { thrown } from '../../lib/thrown.ts'
import type { BatchFailures } from '../../public/handlers.ts'
import type { AnyEvent } from '../../types.ts'
import { allFailed, confirmedBy, type Forward, forwardTo } from '../kit/forward.ts'
import { type BodyOf, jsonOf, messageIdOf } from '../kit/message.ts'
import { assertMethods, type ForEach, textForEach } from '../kit/options.ts'

export type { Forward } from '../kit/forward.ts'
export type { BodyOf } from '../kit/message.ts'
export type { ForEach } from '../kit/options.ts'

export interface QueueJob {
  readonly name: string
  readonly data: unknown
  readonly opts: Readonly<Record<string, unknown>> & { readonly jobId: string }
}

/** A `Queue` of BullMQ. */
export interface QueueLike {
  addBulk(jobs: { name: string; data: unknown; opts: QueueJob['opts'] }[]): Promise<readonly unknown[]>
}

export interface BullmqForwardOptions<E> {
  /** One queue, or that of each event. */
  readonly queue: QueueLike | ((event: E) => QueueLike)
  /** The name of its job. Default: the type of the event. */
  readonly name?: ForEach<E, string>
  /** The data of its job. Default: the event, as JSON has it. */
  readonly body?: BodyOf<E>
  /** Options of every job, such as `attempts` or `removeOnComplete`. The `jobId` is the forwarder's. */
  readonly job?: Readonly<Record<string, unknown>>
}

const KEYS = keysOf<BullmqForwardOptions<never>>({ queue: true, name: true, body: true, job: true })

interface Settings<E> {
  readonly queueOf: (event: E) => QueueLike
  readonly jobOf: (event: E) => QueueJob
}

/**
 * A handler that adds a job for each event, with `onBatch` all jobs of a queue in one go. The id of the job is that of the
 * event: while BullMQ keeps the job, also when it is completed, it takes no other with its id.
 *
 * @example
 * receiver.onBatch('*', { name: 'to-jobs', size: 500 }, forward({ queue: new Queue('mail', { connection }) }))
 * @throws OptionError
 */
export function forward<E extends AnyEvent>(options: BullmqForwardOptions<E>): Forward<E> {
  const { queueOf, jobOf } = settingsOf(options)
  return forwardTo<E>({
    async one(event) {
      const [queue, job] = [queueOf(event), jobOf(event)]
      return confirmedBy(() => queue.addBulk([job]))
    },
    many: (events) => addAll(events, { queueOf, jobOf }),
  })
}

async function addAll<E extends AnyEvent>(events: readonly E[], { queueOf, jobOf }: Settings<E>) {
  const failed: BatchFailures['failed'][number][] = []
  const queues = new Map<QueueLike, { readonly events: E[]; readonly jobs: QueueJob[] }>()
  for (const event of events)
    try {
      const [queue, job] = [queueOf(event), jobOf(event)]
      const group = queues.get(queue) ?? { events: [], jobs: [] }
      group.events.push(event)
      group.jobs.push(job)
      queues.set(queue, group)
    } catch (error) {
      failed.push({ id: event.id, error: thrown(error) })
    }
  const groups = [...queues].map(async ([queue, group]) => addGroup(queue, group.events, group.jobs))
  for (const group of await Promise.all(groups)) failed.push(...group.failed)
  return { failed }
}

/** In one round trip. Where it fails some jobs may be in: added again, they are known by their ids. */
async function addGroup<E extends AnyEvent>(queue: QueueLike, events: readonly E[], jobs: QueueJob[]) {
  try {
    await confirmedBy(() => queue.addBulk(jobs))
    return { failed: [] }
  } catch (error) {
    return allFailed(events, thrown(error))
  }
}

function settingsOf<E extends AnyEvent>(options: BullmqForwardOptions<E>): Settings<E> {
  knownKeys('forward', options, KEYS)
  const { queue, job = {}, body = (event) => event } = options
  assertFunction('forward: body', options.body)
  const nameOf = textForEach<E>('forward: name', options.name ?? ((event: E) => event.type))
  if (typeof job !== 'object' || job === null || Array.isArray(job))
    throw new OptionError(`forward: job must be an object with options of jobs, got ${kindOf(job)}`)
  const sizeLimit = typeof job.sizeLimit === 'number' ? job.sizeLimit : Number.POSITIVE_INFINITY
  if ('jobId' in job) throw new OptionError('forward: job must not have a jobId: it is the id of the event')
  const assertQueue = (one: unknown) => assertMethods('forward: queue', one, ['addBulk'], 'a Queue of BullMQ')
  if (typeof queue !== 'function') assertQueue(queue)
  return {
    queueOf(event) {
      if (typeof queue !== 'function') return queue
      const one = queue(event)
      assertQueue(one)
      return one
    },
    // Through our JSON: BullMQ writes it the same way, but fails where a number is beyond it.
    jobOf(event) {
      const text = jsonOf(body(event))
      // BullMQ would add none of the others.
      if (Buffer.byteLength(text) > sizeLimit)
        throw new PosthornError('ERR_FORWARD_REFUSED', `the job is larger than its sizeLimit of ${sizeLimit} bytes`)
      return { name: nameOf(event), data: JSON.parse(text), opts: { ...job, jobId: messageIdOf(event) } }
    },
  }
}
