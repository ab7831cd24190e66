/**
 * Claims over all shards. Each is asked in turn with what is left of the request; one that does not answer soon is left
 * alone until it does, and what it answers then comes with the next claim. So the others go on beside one that hangs.
 * Where no claim asks for such an answer within a second, it goes back to its shard: other processes may have it.
 *
 * What is to be handled with care is given when nothing else is under way, over all shards. A claim whose note or
 * settlement its shard has not taken is not under way: nothing of it is called until the shard answers again.
 */
import { PosthornError } from '../../errors.ts'
import { codeOf } from '../../lib/code-of.ts'
import type { ClaimRef, ClaimToken } from '../../ports/inbox/claim-ref.ts'
import type { Claim, Claimed, ClaimRequest, Claims, NotedCall, Settlement } from '../../ports/inbox/claims.ts'
import type { NewProgress } from '../../ports/inbox/progress.ts'
import { byPlace, inside, outside, placeOf } from './numbers.ts'
import { HANGS_MS, type Shard } from './shard.ts'
import type { Shards } from './shards.ts'

/** So long a claim waits for one shard. */
const PATIENCE_MS = 100
/** A shard that fails is asked again then, though nobody tells of work. */
const AGAIN_MS = 1_000
/** So long an answer that came late waits to be asked for, and a claim for the shard that had something to be careful with. */
const KEPT_MS = 1_000
/** What is as little is not divided: so many deliveries, and so many bytes. */
const FEW = 64
const FEW_BYTES = 1 << 20

interface Held {
  readonly shard: Shard
  readonly token: ClaimToken
  readonly deliveryId: string
  readonly bytes: number
  readonly careful: boolean
  /** Its shard has not taken its last note, or its settlement: nothing of it is being called. */
  isStuck: boolean
}

type Answered = { claimed: Claimed } | { readonly error: unknown }

/** A shard that is being asked. */
interface Asking {
  readonly what: string
  /** Absent: there is none yet. */
  answered?: Answered
  /** By a clock that nobody sets. */
  readonly since: number
  /** Never rejects. */
  done: Promise<void>
  /** Nobody waits for it any more. */
  isLate: boolean
  /** Its answer does not go back by itself. */
  keep(): void
}

export class ShardedClaims implements Claims {
  readonly #shards: Shards
  readonly #held = new Map<ClaimToken, Held>()
  /** By the id of a delivery: the shard that its claim is of. */
  readonly #homes = new Map<string, Shard>()
  readonly #asking = new Map<Shard, Asking>()
  /** Had nothing left of the last claim: what ends of theirs makes room. */
  readonly #full = new Set<Shard>()
  #last: Promise<unknown> = Promise.resolve()
  #turn = 0
  /** It has something to be handled with care, which waits until nothing else is under way. */
  #suspect: Shard | null = null

  constructor(shards: Shards) {
    this.#shards = shards
  }

  /** One after the other: what is under claim decides what the next one gets. */
  async claim(request: ClaimRequest): Promise<Claimed> {
    this.#shards.assertOpen()
    if (request.seq !== undefined) return this.#claim(request)
    const claiming = this.#last.then(() => this.#claimPatiently(request))
    this.#last = claiming.catch(() => {})
    return claiming
  }

  /** That there is nothing is said when the shards have said so: who drains believes it. */
  async #claimPatiently(request: ClaimRequest): Promise<Claimed> {
    for (;;) {
      const claimed = await this.#claim(request)
      const isIdle = claimed.claims.length === 0 && this.#held.size === 0 && request.maxDeliveries > 0
      if (!isIdle || !(this.#gaveBackForOthers() || (await this.#waitedForSlow()))) return claimed
    }
  }

  /** What has come for other handlers may be for these as well. */
  #gaveBackForOthers(): boolean {
    const late = [...this.#asking].filter(([, { answered }]) => answered !== undefined)
    for (const [shard] of late) this.#giveBackLate(shard)
    return late.length > 0
  }

  /** False: no shard is on its way to an answer, but for those that hang. */
  async #waitedForSlow(): Promise<boolean> {
    const now = this.#shards.clock.steady()
    const slow = [...this.#asking.values()].filter((one) => one.answered === undefined && now - one.since < HANGS_MS)
    if (slow.length === 0) return false
    await this.#soon(Promise.race(slow.map(({ done }) => done)))
    return true
  }

  async #claim(request: ClaimRequest): Promise<Claimed> {
    this.#shards.assertOpen()
    const underWay = this.#underWay()
    if (this.#suspect?.isDoubted) this.#suspect = null
    const waits = underWay.some(({ careful }) => careful) || (this.#suspect !== null && underWay.length > 0)
    if (waits) return { claims: [], nextDueAt: null, more: true }
    const all: Claim[] = []
    const asked: Claimed[] = []
    let nextDueAt: number | null = null
    const errors: unknown[] = []
    let isAllAsked = true
    for (const shard of this.#inTurn(request)) {
      const isSuspect = shard === this.#suspect && request.seq === undefined && request.maxDeliveries > 0
      if (isSuspect) this.#suspect = null
      const left = this.#leftFor(shard, request, all)
      if (left === null) {
        this.#full.add(shard)
        this.#giveBackLate(shard)
        isAllAsked = false
        continue
      }
      // Nothing else is under way beside a suspect: it has the time that others are not waited for.
      const answer = await this.#ask(shard, left, isSuspect ? KEPT_MS : PATIENCE_MS)
      if (answer === null || 'error' in answer) {
        if (answer !== null) errors.push(answer.error)
        isAllAsked = false
        nextDueAt = earlier(nextDueAt, this.#shards.clock.now() + AGAIN_MS)
        continue
      }
      const { claimed } = answer
      asked.push(claimed)
      nextDueAt = earlier(nextDueAt, claimed.nextDueAt)
      const isCareful = claimed.claims.some(({ careful }) => careful)
      if (isCareful && this.#underWay().length > 0) {
        this.#giveBack(shard, claimed.claims)
        this.#suspect = shard
        isAllAsked = false
        break
      }
      all.push(...this.#take(shard, claimed.claims, request, all))
      if (isCareful) break
    }
    this.#shards.assertOpen()
    if (errors.length > 0 && errors.length === this.#shards.up.length) throw errors[0]
    const more = isAllAsked && asked.every((one) => one.more === false) ? false : undefined
    const unknownSources = [...new Set(asked.flatMap((one) => one.unknownSources ?? []))]
    return { claims: all, nextDueAt, unknownSources, ...(more === false && { more }) }
  }

  /** What others are not to be beside. */
  #underWay(): readonly Held[] {
    return [...this.#held.values()].filter(({ isStuck }) => !isStuck)
  }

  /**
   * The shard that is to be careful; those that have answered late; then the one after the shard that was the first to be
   * asked before.
   */
  #inTurn({ seq }: ClaimRequest): readonly Shard[] {
    const { up } = this.#shards
    if (seq !== undefined) return up.filter(({ place }) => place === placeOf(seq))
    const from = this.#turn++ % Math.max(1, up.length)
    const rank = (shard: Shard) => (shard === this.#suspect ? 0 : this.#asking.get(shard)?.answered ? 1 : 2)
    return [...up.slice(from), ...up.slice(0, from)].sort((a, b) => rank(a) - rank(b))
  }

  /** Of the request; null: nothing. No shard may have so much under claim that a stop of it stops the others. */
  #leftFor(shard: Shard, request: ClaimRequest, taken: readonly Claim[]): ClaimRequest | null {
    if (request.seq !== undefined) return { ...request, seq: inside(request.seq) }
    if (request.maxDeliveries < 1) return request
    const held = [...this.#held.values()]
    const before = held.length - taken.length
    const own = held.filter((one) => one.shard === shard)
    const all = { deliveries: before + request.maxDeliveries, bytes: bytesOf(held) - sizeOf(taken) + request.maxBytes }
    const [most, mostBytes] = [
      all.deliveries <= FEW ? all.deliveries : Math.ceil(all.deliveries / this.#shards.count),
      all.bytes <= FEW_BYTES ? all.bytes : Math.ceil(all.bytes / this.#shards.count),
    ]
    const maxDeliveries = Math.min(request.maxDeliveries - taken.length, most - own.length)
    const [left, leftOfOwn] = [request.maxBytes - sizeOf(taken), mostBytes - bytesOf(own)]
    const isFull = (left < 1 && taken.length > 0) || (leftOfOwn < 1 && own.length > 0 && all.bytes > FEW_BYTES)
    if (maxDeliveries < 1 || isFull) return null
    return { ...request, maxDeliveries, maxBytes: Math.max(0, Math.min(left, leftOfOwn)) }
  }

  /** null: no answer yet. */
  async #ask(shard: Shard, request: ClaimRequest, ms: number): Promise<Answered | null> {
    const { seq, maxDeliveries, handlers, sources } = request
    const what = JSON.stringify([handlers, sources])
    // Nothing is left lying of what one delivery, or a look, has asked for.
    if (seq !== undefined || maxDeliveries < 1) return settled(shard.ask((port) => port.claims.claim(request)))
    const asking = this.#asking.get(shard) ?? (await this.#begin(shard, request, { what, ms }))
    const { answered } = asking
    // What has come for other handlers is theirs, or goes back soon.
    if (answered === undefined || (asking.what !== what && 'claimed' in answered)) return null
    asking.keep()
    this.#asking.delete(shard)
    return answered
  }

  async #begin(
    shard: Shard,
    request: ClaimRequest,
    { what, ms }: { readonly what: string; readonly ms: number },
  ): Promise<Asking> {
    const answer = shard.ask((port) => port.claims.claim(request))
    const since = this.#shards.clock.steady()
    const asking: Asking = { what, since, done: Promise.resolve(), isLate: false, keep: () => {} }
    this.#asking.set(shard, asking)
    asking.done = this.#follow(shard, asking, answer)
    await this.#soon(asking.done, ms)
    asking.isLate = asking.answered === undefined
    return asking
  }

  async #follow(shard: Shard, asking: Asking, answer: Promise<Claimed>): Promise<void> {
    asking.answered = await settled(answer)
    if (!asking.isLate || this.#asking.get(shard) !== asking) return
    asking.keep = this.#shards.clock.after(KEPT_MS, () => this.#giveBackLate(shard))
    this.#shards.tellOfWork()
  }

  /** What has come too late for who had asked: others may have it. */
  #giveBackLate(shard: Shard): void {
    const asking = this.#asking.get(shard)
    if (asking?.answered === undefined) return
    asking.keep()
    this.#asking.delete(shard)
    if ('claimed' in asking.answered) this.#giveBack(shard, asking.answered.claimed.claims)
  }

  async #soon(answer: Promise<void>, ms = PATIENCE_MS): Promise<void> {
    let cancel = () => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#shards.clock.after(ms, resolve)
    })
    await Promise.race([answer, late])
    cancel()
  }

  /** What goes beyond the request, since it was made for an earlier one, is given back, but for the very first. */
  #take(shard: Shard, claims: readonly Claim[], request: ClaimRequest, before: readonly Claim[]): Claim[] {
    let left = request.maxBytes - sizeOf(before)
    const taken: Claim[] = []
    const over: Claim[] = []
    for (const claim of claims) {
      const { length } = claim.delivery.body
      const count = before.length + taken.length
      const isOver = length > left || count >= request.maxDeliveries
      if (request.seq === undefined && count > 0 && !claim.careful && isOver) over.push(claim)
      else taken.push(this.#hold(shard, claim))
      left -= length
    }
    this.#giveBack(shard, over)
    return taken
  }

  #hold(shard: Shard, claim: Claim): Claim {
    const { place } = shard
    const { token, delivery, rows, careful, progress } = claim
    const own = `${place}:${token}`
    this.#held.set(own, { shard, token, deliveryId: delivery.id, bytes: delivery.body.length, careful, isStuck: false })
    this.#homes.set(delivery.id, shard)
    return {
      ...claim,
      token: own,
      delivery: { ...delivery, seq: outside(place, delivery.seq) },
      rows: rows?.map((row) => ({ ...row, id: outside(place, row.id) })) ?? null,
      ...(progress && {
        progress: progress.map((one) => ({ ...one, row: one.row === null ? null : outside(place, one.row) })),
      }),
    }
  }

  #giveBack(shard: Shard, claims: readonly Claim[]): void {
    if (claims.length > 0 && shard.isUp)
      shard.port.claims.release(claims.map(({ token, delivery: { seq } }) => ({ token, seq })))
  }

  #end(token: ClaimToken): void {
    const held = this.#held.get(token)
    if (held === undefined) return
    this.#held.delete(token)
    if (this.#homes.get(held.deliveryId) === held.shard) this.#homes.delete(held.deliveryId)
    if (this.#full.delete(held.shard) || this.#held.size === 0 || held.careful) this.#shards.tellOfWork()
  }

  async noteCalls({ seq, token }: ClaimRef, calls: readonly NotedCall[]): Promise<void> {
    const held = this.#heldBy(token, seq)
    // While its shard was away others have begun: it comes again when they are over.
    if (held.isStuck && this.#underWay().some((one) => !one.careful || one.shard !== held.shard)) {
      this.release([{ seq, token }])
      throw new PosthornError('ERR_CLAIM_LOST', `The claim of delivery ${seq} was given back: its shard was away.`)
    }
    held.isStuck = false
    try {
      await held.shard.ask(({ claims }) => claims.noteCalls({ seq: inside(seq), token: held.token }, calls))
    } catch (error) {
      this.#isStuck(held)
      throw error
    }
  }

  #isStuck(held: Held): void {
    if (held.isStuck) return
    held.isStuck = true
    this.#shards.tellOfWork()
  }

  async saveProgress(progress: readonly NewProgress[]): Promise<readonly ClaimToken[]> {
    this.#shards.assertOpen()
    const lost: ClaimToken[] = progress.filter(({ token }) => !this.#held.has(token)).map(({ token }) => token)
    const known = progress.filter(({ token }) => this.#held.has(token))
    const saving = [...byPlace(known, ({ seq }) => seq)].map(async ([place, own]) => {
      const given = own.map((one) => ({
        ...one,
        ...{ seq: inside(one.seq), token: this.#held.get(one.token)?.token ?? one.token },
        row: one.row === null ? null : inside(one.row),
      }))
      const gone = await this.#shards.at(place).ask(({ claims }) => claims.saveProgress(given))
      lost.push(...this.lost(this.#shards.at(place), gone))
    })
    // What one of them has kept it keeps again with the next.
    for (const one of await Promise.allSettled(saving)) if (one.status === 'rejected') throw one.reason
    return lost
  }

  async settle(settlement: Settlement): Promise<{ readonly conflictsWith: string | null }> {
    const { seq, token, endedRows } = settlement
    const held = this.#heldBy(token, seq)
    try {
      const given = { ...settlement, seq: inside(seq), token: held.token, endedRows: endedRows.map(inside) }
      const answer = await held.shard.ask(({ claims }) => claims.settle(given))
      this.#end(token)
      return answer
    } catch (error) {
      if (codeOf(error) === 'ERR_CLAIM_LOST') this.#end(token)
      else this.#isStuck(held)
      throw error
    }
  }

  release(claims: readonly ClaimRef[]): void {
    for (const { seq, token } of claims) {
      const held = this.#held.get(token)
      if (held === undefined) continue
      held.shard.port.claims.release([{ seq: inside(seq), token: held.token }])
      this.#end(token)
    }
  }

  /** Without an id: whether anything may. */
  mayBegin(deliveryId?: string): boolean {
    const may = ({ port: { claims } }: Shard) => claims.mayBegin?.(deliveryId) ?? true
    if (deliveryId === undefined) return this.#shards.up.some(may)
    const shard = this.#homes.get(deliveryId)
    return shard === undefined || may(shard)
  }

  /** Names that the outside knows them by. Those that nobody was given yet are not given any more. */
  lost(shard: Shard, tokens: readonly ClaimToken[]): readonly ClaimToken[] {
    const answered = this.#asking.get(shard)?.answered
    if (answered !== undefined && 'claimed' in answered) {
      const { claims, ...rest } = answered.claimed
      answered.claimed = { ...rest, claims: claims.filter(({ token }) => !tokens.includes(token)) }
    }
    const own = tokens.map((token) => `${shard.place}:${token}`)
    for (const token of own) this.#end(token)
    return own
  }

  /** All are given back by the shards themselves when they are closed. */
  forget(): void {
    this.#held.clear()
    this.#homes.clear()
    for (const { keep } of this.#asking.values()) keep()
    this.#asking.clear()
    this.#full.clear()
    this.#suspect = null
  }

  #heldBy(token: ClaimToken, seq: number): Held {
    this.#shards.assertOpen()
    const held = this.#held.get(token)
    if (held !== undefined && held.shard.place === placeOf(seq)) return held
    throw new PosthornError('ERR_CLAIM_LOST', `The claim of delivery ${seq} is not held any more.`)
  }
}

const bytesOf = (held: readonly Held[]): number => held.reduce((sum, { bytes }) => sum + bytes, 0)
const sizeOf = (claims: readonly Claim[]): number => claims.reduce((sum, { delivery }) => sum + delivery.body.length, 0)

function settled(answer: Promise<Claimed>): Promise<Answered> {
  return answer.then(
    (claimed) => ({ claimed }),
    (error: unknown) => ({ error }),
  )
}

const earlier = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b)
