/** Every verb by keyboard alone: Tab to its button, Enter, what has to be typed, Enter. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasChromium, launch, open, violations } from './browser.ts'
import { addressesOf, world } from './world.ts'

const LONG_MS = 180_000
const MOST_TABS = 150
let browser: Browser

/** The verb of each button, and where it is. */
const VERBS = [
  ['pause', 'handlers', 'Pause…'],
  ['resume', 'handlers', 'Resume…'],
  ['retry', 'deadOf', 'Retry these…'],
  ['drop', 'deadOf', 'Give these up…'],
  ['retry', 'quarantine', 'Retry all the same…'],
  ['replay', 'replays', 'Count first…'],
  ['prune', 'storage', 'Let go now of what retention says…'],
  ['erase', 'person', 'Erase what is stored of them…'],
] as const

async function tabTo(page: Page, isThere: (text: string, id: string) => boolean): Promise<void> {
  for (let tabs = 0; tabs < MOST_TABS; tabs++) {
    await page.keyboard.press('Tab')
    const { label, id, isSeen } = await page.evaluate(() => {
      const at = document.activeElement
      const style = at === null ? null : getComputedStyle(at)
      const box = at?.getBoundingClientRect()
      return {
        label: at?.textContent ?? '',
        id: at?.id ?? '',
        // Where the keys go is seen: it has an outline, and is within the window.
        isSeen: style?.outlineStyle !== 'none' && box !== undefined && box.bottom > 0 && box.top < innerHeight,
      }
    })
    expect(isSeen, `where the focus is: ${label.slice(0, 80)} ${id}`).toBe(true)
    if (isThere(label, id)) return
  }
  throw new Error(`not reached within ${MOST_TABS} tabs`)
}

describe.skipIf(!hasChromium)('by keyboard alone', () => {
  beforeAll(async () => {
    browser = await launch()
  }, LONG_MS)
  afterAll(() => browser.close())

  it.each(VERBS)('%s is counted, confirmed and done', { timeout: LONG_MS }, async (verb, view, label) => {
    const made = await world()
    const { page, context, faults } = await open(browser, made.url)
    await page.goto(made.url + addressesOf(made)[view])
    await page.waitForSelector('html.js')
    if (verb === 'replay') {
      await tabTo(page, (_, id) => id === 'replay-filter')
      await page.keyboard.insertText('source:letters since:24h')
    }
    await tabTo(page, (text) => text === label)
    await Promise.all([page.waitForURL(new RegExp(`do=${verb}`)), page.keyboard.press('Enter')])
    await page.waitForSelector('html.js')
    expect(await violations(page, `${verb} counted`)).toEqual([])
    const needsCount = verb === 'drop' || verb === 'erase'
    // The keys are where the next one is needed.
    if (needsCount) await page.keyboard.insertText((await page.locator('.big').textContent()) ?? '')
    await Promise.all([page.waitForURL(/view=run/), page.keyboard.press('Enter')])
    await page.waitForSelector('html.js')
    await page.waitForSelector('main:has-text("done")')
    expect(await violations(page, `${verb} done`)).toEqual([])
    const actions = await made.receiver.inbox.actions()
    expect(actions).toMatchObject([{ who: 'night shift', verb }, ...actions.slice(1)])
    expect(faults).toEqual([])
    await context.close()
    await made.close()
  })

  it('reparse of what nobody can read yet says that there is nothing to do', { timeout: LONG_MS }, async () => {
    const made = await world()
    const { page, context, faults } = await open(browser, made.url)
    await page.goto(made.url + addressesOf(made).quarantine)
    await page.waitForSelector('html.js')
    await tabTo(page, (text) => text === 'Read again what can be read now…')
    await Promise.all([page.waitForURL(/do=reparse/), page.keyboard.press('Enter')])
    expect(await page.locator('main').textContent()).toContain('there is nothing to do')
    expect(await violations(page, 'reparse counted')).toEqual([])
    expect(faults).toEqual([])
    await context.close()
    await made.close()
  })
})
