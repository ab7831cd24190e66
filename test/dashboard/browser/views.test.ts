/**
 * Every view in a real Chromium: accessible in both widths and both schemes, within the policy, without a script, and with
 * texts of strangers in every field. `UPDATE_PICTURES=1` writes the pictures of the documents anew.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasChromium, launch, open, violations } from './browser.ts'
import { addressesOf, NAUGHTY, type World, world } from './world.ts'

const PICTURES = join(import.meta.dirname, '../../../docs/pictures')
const WIDE = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }
/** Chromium starts slowly where much else runs. */
const LONG_MS = 180_000

let browser: Browser

describe.skipIf(!hasChromium)('the views in Chromium', () => {
  beforeAll(async () => {
    browser = await launch()
  }, LONG_MS)
  afterAll(() => browser.close())

  describe.each(['none', 'night'] as const)('with traffic: %s', (traffic) => {
    let made: World
    beforeAll(async () => {
      made = await world({ traffic })
    }, LONG_MS)
    afterAll(() => made.close())

    it('keep to the policy, are accessible in light and dark, and fit a phone', { timeout: LONG_MS }, async () => {
      const { page, context, faults } = await open(browser, made.url, { colorScheme: 'light' })
      const found: string[] = []
      for (const [name, at] of Object.entries(addressesOf(made))) {
        await page.setViewportSize(WIDE)
        await page.goto(made.url + at)
        await page.waitForSelector('html.js')
        found.push(...faults.splice(0).map((fault) => `${name}: ${fault}`))
        found.push(...(await violations(page, `${name} light`)))
        await page.emulateMedia({ colorScheme: 'dark' })
        found.push(...(await violations(page, `${name} dark`, ['color-contrast'])))
        await page.setViewportSize(PHONE)
        // What depends on the width: colours are the same, and what is told is.
        found.push(
          ...(await violations(page, `${name} phone`, ['target-size', 'scrollable-region-focusable', 'link-name'])),
        )
        if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth))
          found.push(`${name}: too wide`)
        await page.emulateMedia({ colorScheme: 'light' })
        faults.splice(0)
      }
      expect(found).toEqual([])
      await context.close()
    })

    it('are there without scripts', { timeout: LONG_MS }, async () => {
      const { page, context } = await open(browser, made.url, { javaScriptEnabled: false })
      for (const at of Object.values(addressesOf(made))) {
        await page.goto(made.url + at)
        expect(await page.locator('h1').textContent()).not.toBe('')
        expect(await page.locator('nav.side a').count()).toBe(10)
      }
      await context.close()
    })
  })

  it('shows texts of strangers as texts, in every field', { timeout: LONG_MS }, async () => {
    const made = await world({ traffic: 'naughty' })
    const { page, context, faults } = await open(browser, made.url)
    for (const [name, at] of Object.entries(addressesOf(made))) {
      const answer = await page.goto(made.url + at)
      expect(answer?.status(), name).toBe(name === 'error' ? 400 : 200)
      await page.waitForSelector('html.js')
      const state = await page.evaluate(() => ({
        ran: (globalThis as { ran?: number }).ran ?? null,
        foreign: document.querySelectorAll('iframe, img, object, embed, main script, main style, [onload], [onerror]')
          .length,
        scripts: document.querySelectorAll('script').length,
        links: [...document.querySelectorAll('a')]
          .map(({ protocol }) => protocol)
          .filter((one) => !/^https?:$/.test(one)),
        wide: document.documentElement.scrollWidth > innerWidth,
      }))
      expect({ name, ...state }).toEqual({ name, ran: null, foreign: 0, scripts: 1, links: [], wide: false })
    }
    await page.goto(`${made.url}?view=bounces`)
    await page.waitForSelector('html.js')
    const shown = (await page.locator('main').textContent()) ?? ''
    for (const text of NAUGHTY.filter((one) => one.length < 2_000)) expect(shown).toContain(chipped(text))
    expect(faults).toEqual([])
    await context.close()
    await made.close()
  })

  it('says that the inbox does not answer, accessible in light and dark, on a phone and without scripts', {
    timeout: LONG_MS,
  }, async () => {
    const made = await world()
    const { page, context, faults } = await open(browser, made.url, { colorScheme: 'light' })
    await page.goto(`${made.url}?view=dead`)
    await page.waitForSelector('html.js')
    made.lose()
    const found: string[] = []
    for (const view of ['now', 'dead', 'quarantine']) {
      const answer = await page.goto(`${made.url}?view=${view}`)
      expect(answer?.status(), view).toBe(503)
      await page.waitForSelector('html.js')
      expect(await page.locator('main').textContent()).toContain('The inbox does not answer.')
      expect(await page.locator('.verbs form').count()).toBe(0)
      found.push(...(await violations(page, `${view} closed, light`)))
      await page.emulateMedia({ colorScheme: 'dark' })
      found.push(...(await violations(page, `${view} closed, dark`, ['color-contrast'])))
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize(PHONE)
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) found.push(`${view}: too wide`)
      await page.setViewportSize(WIDE)
    }
    expect(found).toEqual([])
    expect(faults).toEqual([])
    await context.close()
    const plain = await open(browser, made.url, { javaScriptEnabled: false })
    await plain.page.goto(`${made.url}?view=dead`)
    expect(await plain.page.locator('main').textContent()).toContain('The inbox does not answer.')
    await plain.context.close()
    await made.close()
  })

  it('shows masked people to whoever may not see them, in no place an address', { timeout: LONG_MS }, async () => {
    const made = await world({ access: {} })
    for (const at of Object.values(addressesOf(made)))
      for (const as of ['', '&as=json']) {
        const answer = await fetch(`${made.url}${at}${as}`, { headers: { accept: 'text/html' } })
        expect((await answer.text()).match(/[\w.]+@(?:shop|mail|firma|letters)\.example/g) ?? []).toEqual([])
      }
    await made.close()
  })

  it('has its pictures in the documents', { timeout: LONG_MS }, async () => {
    const names = ['now', 'dead', 'message', 'person']
    if (process.env.UPDATE_PICTURES === '1') await takePictures(names)
    expect(names.filter((name) => !existsSync(join(PICTURES, `dashboard-${name}.png`)))).toEqual([])
  })
})

async function takePictures(names: readonly string[]): Promise<void> {
  mkdirSync(PICTURES, { recursive: true })
  const made = await world()
  const { page, context } = await open(browser, made.url, { viewport: { width: 1100, height: 720 } })
  for (const name of names) {
    await page.goto(made.url + addressesOf(made)[name === 'dead' ? 'deadOf' : name])
    await page.waitForSelector('html.js')
    await page.screenshot({ path: join(PICTURES, `dashboard-${name}.png`) })
  }
  await context.close()
  await made.close()
}

/** As the page has it. */
const chipped = (text: string): string =>
  text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  )
