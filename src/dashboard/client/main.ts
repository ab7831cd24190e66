/** What the page does where scripts run: looks again, writes times in the zone of the reader, takes keys. */
import { hydrate, render } from 'preact'
import { frame as frameOf } from '../parts/frame.ts'
import { html } from '../parts/html.ts'
import type { Frame, See, TimeMode } from '../parts/see.ts'
import { draw, isView } from '../views/draws.ts'
import { checked } from './check.ts'
import { copied, type Keys, listen } from './keys.ts'
import { toolbar } from './toolbar.ts'

interface State {
  readonly view: string
  readonly title: string
  readonly data: unknown
  readonly frame: Frame
  readonly next: string | null
  readonly partial: string | null
  /** Epoch ms of the server. */
  readonly at: number
  readonly query: string
}

const root = document.getElementById('app')
const EVERY = [1, 2, 5, 15, 60, 0] as const
const MOST_MS = 60_000

/** A reader that refuses storage loses the choice with the page. */
const stored = {
  get(name: string): string | null {
    try {
      return localStorage.getItem(`posthorn.${name}`)
    } catch {
      return null
    }
  },
  set(name: string, value: string): void {
    try {
      localStorage.setItem(`posthorn.${name}`, value)
    } catch {}
  },
}

let state: State = JSON.parse(document.body.dataset.state ?? '{}')
let times: TimeMode = timeMode(stored.get('times'))
let every = Number(stored.get('every') ?? '5')
let isHelpOpen = false
let isPaused = false
/** When the answer of now came, by the clock of the page. */
let cameAt = performance.now()
let failures = 0
/** What the last answer took: what is dear to show is asked for less often. */
let tookMs = 0
let etag = ''
let timer: ReturnType<typeof setTimeout> | undefined
/** An answer to a form cannot be asked for again. */
const canLookAgain = !new URLSearchParams(location.search).has('do') && state.view !== 'refused'

function timeMode(text: string | null): TimeMode {
  return text === 'utc' || text === 'relative' ? text : 'local'
}

function see(mode: TimeMode): See {
  const { view, query, frame, next, partial } = state
  const staleMs = performance.now() - cameAt
  const isStale = canLookAgain && failures > 0
  const now = state.at + staleMs
  return { ...{ view, query, frame, next, partial, times: mode, now }, stale: isStale ? staleMs : null, tools: tools() }
}

function tools() {
  return toolbar({ times, every, isPaused, isHelpOpen, canLookAgain, do: actions })
}

function drawn(given: See) {
  const inner = isView(state.view) ? draw(state.view, state.data, given) : null
  return frameOf(given, state.title, inner)
}

function update(): void {
  if (root === null) return
  render(html`${drawn(see(times))}`, root)
  if (state.view !== 'confirm') document.title = `${mark()}${state.title} · Posthorn`
}

/** A tab that nobody looks at tells, too. */
const mark = () => (state.frame.verdict === 'act' ? '■ ' : state.frame.verdict === 'look' ? '▲ ' : '')

/** What the reader is in the middle of. */
function isBusy(): boolean {
  const { activeElement: at } = document
  const isTyping = at instanceof HTMLInputElement && at.type !== 'hidden' && at.value !== at.defaultValue
  return document.hidden || isPaused || isTyping || isHelpOpen || String(getSelection()).length > 0
}

function plan(): void {
  clearTimeout(timer)
  if (!canLookAgain || every === 0) return
  const ms = failures === 0 ? Math.max(every * 1_000, 10 * tookMs) : Math.min(MOST_MS, 5_000 * 2 ** (failures - 1))
  timer = setTimeout(() => void look(), ms)
}

/** Rows stay while others are asked for; the bar comes when that takes long. */
const asks = (is: boolean) => document.getElementById('main')?.setAttribute('aria-busy', String(is))

async function look(): Promise<void> {
  if (isBusy()) return plan()
  asks(true)
  const query = new URLSearchParams(state.query)
  query.set('as', 'json')
  const askedAt = performance.now()
  try {
    const answer = await fetch(`?${query}`, {
      headers: etag === '' ? {} : { 'if-none-match': etag },
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(20_000),
    })
    const isKnown = answer.status < 500 && answer.status !== 401 && answer.status !== 403 && answer.status !== 429
    if (!isKnown) throw new Error(String(answer.status))
    if (answer.status !== 304) take(await answer.json(), answer.headers.get('etag') ?? '')
    else state = { ...state, at: state.at + performance.now() - cameAt }
    cameAt = performance.now()
    tookMs = cameAt - askedAt
    failures = 0
  } catch {
    failures++
  }
  asks(false)
  update()
  plan()
}

function take(body: Partial<State> & { readonly at?: unknown }, tag: string): void {
  if (body.frame === undefined || body.view === undefined) throw new Error('no view')
  const { view, data, frame, next = null, partial = null } = body
  state = { ...state, view, data, frame, next, partial, at: Date.parse(String(body.at)) }
  etag = tag
}

const actions = {
  times(): void {
    times = times === 'local' ? 'utc' : times === 'utc' ? 'relative' : 'local'
    stored.set('times', times)
    update()
  },
  theme(): void {
    const { dataset } = document.documentElement
    const isDark =
      dataset.theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : dataset.theme === 'dark'
    dataset.theme = isDark ? 'light' : 'dark'
    stored.set('theme', dataset.theme)
  },
  pause(): void {
    isPaused = !isPaused
    update()
    if (!isPaused) void look()
  },
  every(): void {
    every = EVERY[(EVERY.indexOf(every as (typeof EVERY)[number]) + 1) % EVERY.length] ?? 5
    stored.set('every', String(every))
    update()
    plan()
  },
  help(isOpen = !isHelpOpen): void {
    isHelpOpen = isOpen
    update()
  },
  keys(): void {
    keys.isOn = !keys.isOn
    stored.set('keys', keys.isOn ? 'on' : 'off')
    update()
  },
} satisfies Record<string, (isOpen?: boolean) => void>

const keys: Keys = { isOn: stored.get('keys') !== 'off', do: actions }

const theme = stored.get('theme')
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
document.documentElement.classList.add('js')

if (root !== null && isView(state.view)) {
  hydrate(html`${drawn({ ...see('utc'), now: state.at, tools: null })}`, root)
  update()
  listen(keys)
  copied()
  checked()
  document.querySelector<HTMLElement>('#confirm, [data-first]')?.focus()
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && canLookAgain) void look()
  })
  // The age of what is shown.
  setInterval(() => {
    if (!isBusy() && (failures > 0 || times === 'relative')) update()
  }, 5_000)
  plan()
}
