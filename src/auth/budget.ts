/**
 * What bad credentials may cost where a check is dear: a signature, a call of the user's function.
 *
 * Nobody is ever locked out. A peer that spends its budget of failures, or all together that spend theirs, only lose
 * the right to be checked at once: their requests wait in a short line, one peer after the other, a few at a time. A
 * good credential passes there too; where the line is full or the wait too long, the answer is 503, which has a sender
 * repeat with what it has. Peers are addresses of connections, so behind a proxy there is one; forwarded addresses are
 * not looked at, since anybody can write them.
 */
import type { AuthSetting, Refused, Verdict } from '../ports/auth.ts'

/** Failures in a minute before the checks of a peer have to wait; of all peers together. */
const [OF_ONE, OF_ALL] = [20, 200]
const WINDOW_MS = 60_000
/** Checks of waiting requests at once, how many wait, and for how long. */
const [SLOTS, MOST_WAITING, WAIT_MS] = [4, 128, 2_000]
/** The oldest is forgotten then; the budget of all holds for many addresses of one attacker. */
const MOST_PEERS = 1_000
/** Peers that a good credential came from: the failures of others do not make them wait. */
const MOST_GOOD = 1_000

export type Check = () => Promise<Verdict>

/** Runs a check, at once or in its turn. Never rejects, as checks do not. */
export type Budget = (peer: string | undefined, check: Check) => Promise<Verdict>

interface Account {
  failed: number
  since: number
  /** Under way and not yet known: counted as failures, or many at once would come for the price of one. */
  open: number
  readonly line: Array<() => void>
}

export const OVERLOADED: Refused = Object.freeze({ ok: false, unavailable: true, reason: 'too_many_failures' })

export function createBudget({ clock, notice, source }: Pick<AuthSetting, 'clock' | 'notice' | 'source'>): Budget {
  const all = newAccount(clock.now())
  const accounts = new Map<string, Account>()
  const good = new Set<string>()
  const waiting = new Set<Account>()
  let [running, inLine] = [0, 0]

  return async function budgeted(peer = '', check) {
    const account = accountOf(peer)
    for (const one of [all, account]) renew(one)
    if (hasLeft(account, good.has(peer))) return spend(peer, account, check)
    const message = `many requests to "${source}" have bad credentials: those that need a dear check wait in a line`
    if (account.failed >= OF_ONE || all.failed >= OF_ALL)
      notice(`budget:${source}`, 'warn', message, { event: 'auth.budget', source })
    if (!(await turn(account))) return OVERLOADED
    try {
      return await spend(peer, account, check)
    } finally {
      running--
      next()
    }
  }

  /** A peer with good credentials comes with many at once on its first day as on any other. */
  function hasLeft(account: Account, isGood: boolean): boolean {
    if (isGood) return account.failed < OF_ONE
    return account.failed + account.open < OF_ONE && all.failed + all.open < OF_ALL
  }

  async function spend(peer: string, account: Account, check: Check): Promise<Verdict> {
    account.open++
    all.open++
    const verdict = await check()
    account.open--
    all.open--
    if (verdict.ok) remember(peer)
    else if (!verdict.unavailable) {
      account.failed++
      all.failed++
    }
    return verdict
  }

  /** True when it is the turn of this one; false when that would take too long. */
  function turn(account: Account): Promise<boolean> {
    if (running < SLOTS) {
      running++
      return Promise.resolve(true)
    }
    if (inLine >= MOST_WAITING) return Promise.resolve(false)
    return new Promise((resolve) => {
      const begin = () => {
        cancel()
        running++
        resolve(true)
      }
      const cancel = clock.after(WAIT_MS, () => {
        account.line.splice(account.line.indexOf(begin), 1)
        inLine--
        if (account.line.length === 0) waiting.delete(account)
        resolve(false)
      })
      account.line.push(begin)
      waiting.add(account)
      inLine++
    })
  }

  /** The first of the peer that has waited longest for its turn; then that peer goes to the end. */
  function next(): void {
    const [account] = waiting
    if (account === undefined) return
    waiting.delete(account)
    const begin = account.line.shift()
    inLine--
    if (account.line.length > 0) waiting.add(account)
    begin?.()
  }

  function accountOf(peer: string): Account {
    const known = accounts.get(peer)
    if (known !== undefined) return known
    const account = newAccount(clock.now())
    accounts.set(peer, account)
    if (accounts.size > MOST_PEERS) accounts.delete(accounts.keys().next().value as string)
    return account
  }

  function remember(peer: string): void {
    good.delete(peer)
    good.add(peer)
    if (good.size > MOST_GOOD) good.delete(good.values().next().value as string)
  }

  function renew(account: Account): void {
    if (clock.now() - account.since < WINDOW_MS) return
    account.failed = 0
    account.since = clock.now()
  }
}

const newAccount = (since: number): Account => ({ failed: 0, since, open: 0, line: [] })
