/**
 * `POST ?do=<verb>`. First what it would do, always; then, with the token that was shown beside it, and for no more than was
 * shown, it is done.
 */
import { OptionError } from '../errors.ts'
import { firstHeader } from '../http/headers.ts'
import { codeOf } from '../lib/code-of.ts'
import { toldOf } from '../lib/told-error.ts'
import type { BoardRequest } from '../ports/board.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import type { DeskDoor } from '../public/desk.ts'
import { replaceAddresses } from './addresses.ts'
import { assertOwnPage, isScript, isToken, tokenFor } from './csrf.ts'
import { type Fields, fieldsOfBody } from './form.ts'
import type { Looking } from './looker.ts'
import type { DashboardSettings } from './options.ts'
import { Refusal } from './refusal.ts'
import { type Begun, type NewRun, Runs } from './runs.ts'
import type { Seals } from './seal.ts'
import type { Action, Plan, Progress, Shown, Views } from './types.ts'
import { fieldsOf, type Outcome, signedFilter, VERBS, type Wish, wishOf } from './verbs.ts'

/** A form waits so long for what was begun, so that most are done when their progress is shown. */
const PATIENCE_MS = 1_000
/** A dry run goes through what it would act on. */
const DRY_MS = 30_000

export type VerbAnswer =
  | { readonly location: string }
  | { readonly status: number; readonly shown: Shown; readonly headers?: Readonly<Record<string, string>> }

export class Verbs {
  readonly #desk: DeskDoor
  readonly #watch: WatchDoor
  readonly #settings: DashboardSettings
  readonly #views: Views
  readonly #runs = new Runs()

  constructor(desk: DeskDoor, watch: WatchDoor, settings: DashboardSettings, views: Views) {
    this.#desk = desk
    this.#watch = watch
    this.#settings = settings
    this.#views = views
  }

  /** The page of a run. @throws Refusal */
  run({ query, request }: Looking): Shown {
    const progress = this.#runs.find(query.get('run') ?? '')
    if (progress === null)
      throw new Refusal(
        'not_found',
        'This process knows no such run: it has been started again, or another one does it. See what was done at Storage.',
      )
    return this.#views.run(request, progress)
  }

  /** @throws Refusal */
  async answer(request: BoardRequest, looking: Looking, verb: string): Promise<VerbAnswer> {
    const script = this.#isScript(request)
    // Scripts say neither; where the host answers CORS, a page of a stranger may send the header of scripts, too.
    if (!script || ['sec-fetch-site', 'origin'].some((name) => firstHeader(request.rawHeaders, name) !== null))
      assertOwnPage(request, this.#settings.origins, this.#isLocal(request))
    const fields = await fieldsOfBody(request)
    if (verb === 'stop') return this.#stop(looking, fields, script)
    const { wish, email } = this.#wished(looking, verb, fields)
    assertRight(looking, wish.verb)
    await this.#assertHandler(wish)
    const matched = matchedIn(fields)
    const plan = async (status: 200 | 409, before: number | null) =>
      this.#plan(status, looking, wish, await this.#dry(looking, wish, email), before)
    if (matched === null) return plan(200, null)
    if (!script) this.#assertToken(looking, wish, matched, fields)
    if (VERBS[wish.verb].destroys && !script && (fields.get('confirm') ?? '').trim() !== String(matched))
      return plan(409, null)
    const form = script ? null : (fields.get('token') ?? '')
    // A second click, or the way back and on again, is no second wish.
    const begun =
      (form === null ? undefined : this.#runs.ofForm(form)) ?? this.#begin(looking, { wish, email, matched, form })
    return (await this.#begunAnswer(looking, begun, script)) ?? plan(409, matched)
  }

  #wished({ seals }: Looking, verb: string, given: Fields): { wish: Wish; email: string } {
    // Scripts may say the address itself: it stands in a body.
    const said = given.get('email')
    const fields = said === undefined ? given : new Map([...given, ['filter', keyOf(said, seals)]])
    const wish = wishOf(verb, fields)
    if (wish.verb !== 'erase') return { wish, email: '' }
    const email = seals.address(wish.filter)
    if (email === null) throw new Refusal('bad_filter', 'This is no key of a person here: search for the address.')
    return { wish, email }
  }

  async #dry({ rights, left }: Looking, wish: Wish, email: string): Promise<Outcome> {
    const late = AbortSignal.timeout(DRY_MS)
    const running = { dryRun: true, signal: AbortSignal.any([left, late]), onProgress() {} }
    const outcome = await VERBS[wish.verb].run(this.#desk.as(rights.who), wish, running, email)
    // What was counted is less than what matches then.
    if (late.aborted)
      throw new Refusal(
        'unavailable',
        `To count what matches takes longer than ${DRY_MS / 1_000} s: narrow the filter, or use posthorn inbox ${wish.verb}.`,
      )
    return outcome
  }

  #plan(status: 200 | 409, looking: Looking, wish: Wish, dry: Outcome, before: number | null): VerbAnswer {
    const { request, rights, seals } = looking
    const { verb, filter } = wish
    const { matched, counts } = dry
    const signed = { who: rights.who, verb, filter: signedFilter(wish), matched }
    const plan: Plan = {
      ...{ verb, filter, fields: fieldsOf(wish), matched, counts, before },
      token: tokenFor(seals.signing, signed, this.#watch.now()),
      confirm: VERBS[verb].destroys ? String(matched) : null,
    }
    return { status, shown: this.#views.confirm(request, plan) }
  }

  /** @throws Refusal */
  #begin(
    { rights }: Looking,
    { wish, email, matched, form }: Pick<NewRun, 'matched' | 'form'> & { readonly wish: Wish; readonly email: string },
  ): Begun {
    if (!this.#runs.hasRoom)
      throw new Refusal('too_many_runs', 'Other verbs are under way: wait for one to end, or stop it.', {
        headers: { 'retry-after': '10' },
      })
    const { verb } = wish
    const filter = toldFilter(wish)
    const control = this.#desk.as(rights.who)
    return this.#runs.begin({
      ...{ form, verb, filter, matched, now: () => this.#watch.now() },
      again: (place) => againOf(wish, place),
      work: async (running) => {
        try {
          const outcome = await VERBS[verb].run(control, wish, running, email)
          this.#desk.acted({ who: rights.who, verb, filter, matched: outcome.matched, queued: outcome.queued })
          return outcome
        } catch (error) {
          if (isMore(error)) throw error
          const facts = { event: 'dashboard.failed', what: verb, ...toldOf(error) } as const
          this.#desk.notice(`dashboard.failed:${verb}`, 'error', `${verb} at the dashboard failed`, facts)
          throw error
        }
      },
    })
  }

  /** null: more match than were shown, and nothing was done. */
  async #begunAnswer({ request }: Looking, { id, ended }: Begun, script: boolean): Promise<VerbAnswer | null> {
    const late = new Promise<null>((resolve) => void this.#watch.after(PATIENCE_MS, () => resolve(null)))
    const failure = await Promise.race([ended, late])
    if (failure !== null && isMore(failure.error)) {
      this.#runs.forget(id)
      return null
    }
    const location = `?${new URLSearchParams({ view: 'run', run: id })}`
    const progress = this.#runs.find(id)
    if (!script || progress === null) return { location }
    return { status: 202, shown: this.#views.run(request, progress), headers: { location } }
  }

  async #stop({ rights, seals }: Looking, fields: Fields, script: boolean): Promise<VerbAnswer> {
    const run = fields.get('run') ?? ''
    const progress = this.#runs.find(run)
    if (progress === null) throw new Refusal('not_found', 'This process knows no such run.')
    const signed = { who: rights.who, verb: 'stop', filter: run, matched: 0 }
    if (!script && !isToken(seals.signing, signed, fields.get('token') ?? '', this.#watch.now())) throw tooOld()
    if (!rights.act.includes(progress.verb)) throw noRight(progress.verb)
    this.#runs.stop(run)
    return { location: `?${new URLSearchParams({ view: 'run', run })}` }
  }

  #assertToken({ rights, seals }: Looking, wish: Wish, matched: number, fields: Fields): void {
    const signed = { who: rights.who, verb: wish.verb, filter: signedFilter(wish), matched }
    if (!isToken(seals.signing, signed, fields.get('token') ?? '', this.#watch.now())) throw tooOld()
  }

  /** A name that nobody has would be refused by the verb, but only when it is done. */
  async #assertHandler({ verb, filter }: Wish): Promise<void> {
    if (verb !== 'pause' && verb !== 'resume') return
    const names = [...this.#watch.handlers(), ...(await this.#desk.handlers()).map(({ name }) => name)]
    if (!names.includes(filter)) throw new OptionError(`there is no handler ${JSON.stringify(filter.slice(0, 40))}`)
  }

  /** Whoever has credentials in a header of the request itself, which no page of a stranger can set. */
  #isScript(request: BoardRequest): boolean {
    if (!isScript(request)) return false
    return (
      firstHeader(request.rawHeaders, 'authorization') !== null ||
      this.#settings.auth !== null ||
      this.#isLocal(request)
    )
  }

  #isLocal({ access }: BoardRequest): boolean {
    return this.#settings.auth === null && access === undefined
  }
}

const isMore = (error: unknown): boolean => codeOf(error) === 'ERR_MORE_MATCHED'

/** The rest of what was asked for. An address stands in no page that others may open, and not the key of a person either. */
function againOf(wish: Wish, place: string | null): Progress['again'] {
  const { verb, filter } = wish
  if (!REST.has(verb) || filter.includes('@')) return null
  if (verb !== 'replay' || place === null) return { filter, fields: fieldsOf(wish) }
  // These do not go through the log from its beginning to its end, so no delivery says where they had come to.
  if (/(?:^|\s)(?:outcome:dead|d_)/.test(filter)) return null
  // What came before has been handed out: it is not to be once more.
  return { filter, fields: fieldsOf({ ...wish, after: place }) }
}

/** Verbs of many, of which some are done and some are not. */
const REST: ReadonlySet<Action> = new Set(['retry', 'replay', 'reparse', 'drop'])

function assertRight({ rights }: Looking, verb: Action): void {
  if (!rights.act.includes(verb)) throw noRight(verb)
}

const noRight = (verb: Action) => new Refusal('no_right', `This asks for the right "${verb}".`)
const tooOld = () =>
  new Refusal('forged', 'This form is too old, or was not made here: look again.', { reason: 'token' })

function matchedIn(fields: Fields): number | null {
  const text = fields.get('matched') ?? ''
  if (text === '' && !fields.has('token')) return null
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new Refusal('bad_request', 'matched is the number that was shown.')
}

/** @throws Refusal for what is no address */
function keyOf(address: string, seals: Seals): string {
  const key = seals.keyOrNull(address)
  if (key === null) throw new Refusal('bad_filter', 'This is no e-mail address.')
  return key
}

/** For those who read what was done: of a person not even the key, which the inbox could open again after it was erased. */
function toldFilter(wish: Wish): string {
  if (wish.verb === 'erase') return 'a person'
  return replaceAddresses(signedFilter(wish).replaceAll('\n', ' '), () => '…')
}
