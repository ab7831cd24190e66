/** The night shift at the dashboard: by keyboard alone, and without scripts. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { all } from '../../support/receivers.ts'
import { hasChromium, launch, open, violations } from './browser.ts'
import { world } from './world.ts'

const LONG_MS = 120_000
let browser: Browser

describe.skipIf(!hasChromium)('the night shift', () => {
  beforeAll(async () => {
    browser = await launch()
  }, LONG_MS)
  afterAll(() => browser.close())

  it('finds, understands and mends what failed, and finds a customer, in at most 12 key actions', {
    timeout: LONG_MS,
  }, async () => {
    const { url, receiver, clock, database, close } = await world()
    const { page, context, faults } = await open(browser, url)
    let keys = 0
    const press = async (key: string) => {
      keys++
      await page.keyboard.press(key)
    }
    const ready = () => page.waitForSelector('html.js')
    const main = async () => (await page.locator('main').textContent()) ?? ''

    await page.goto(url)
    await ready()
    expect(await main()).toContain('handler "warehouse" failed')
    await press('j')
    await press('j')
    await Promise.all([page.waitForURL(/view=dead/), press('Enter')])
    await ready()
    expect(await main()).toContain('ECONNREFUSED')
    expect(await main()).toContain('They are stored with their errors')

    database.isDown = false
    await Promise.all([page.waitForURL(/do=retry/), press('r')])
    await ready()
    const letters = (await all(receiver.inbox.deadLetters())).length
    expect(await page.locator('.big').textContent()).toBe(String(letters))
    expect(await violations(page, 'confirm')).toEqual([])
    await Promise.all([page.waitForURL(/view=run/), press('Enter')])
    await ready()
    expect(await violations(page, 'run')).toEqual([])
    await clock.advance(3_600_000)
    await receiver.whenIdle()
    await press('g')
    await Promise.all([page.waitForURL(/view=dead/), press('d')])
    await ready()
    expect(await main()).toContain('No dead letters.')
    expect(await all(receiver.inbox.deadLetters())).toEqual([])

    await press('/')
    keys++
    await page.keyboard.insertText('jo@shop.example')
    await Promise.all([page.waitForURL(/view=person/), press('Enter')])
    await ready()
    expect(page.url()).not.toContain('jo')
    expect(await main()).toContain('no: take the address off your lists')
    expect(await main()).toContain('550 5.1.1')
    expect(keys).toBeLessThanOrEqual(12)
    expect(faults).toEqual([])
    await context.close()
    await close()
  })

  it('gives up what failed without a script, with the count typed in, and not with another', {
    timeout: LONG_MS,
  }, async () => {
    const { url, receiver, close } = await world()
    const { page, context } = await open(browser, url, { javaScriptEnabled: false })
    const letters = (await all(receiver.inbox.deadLetters())).length
    await page.goto(`${url}?view=dead&filter=handler%3Awarehouse`)
    await page.getByRole('button', { name: 'Give these up…' }).click()
    expect(await page.locator('.big').textContent()).toBe(String(letters))
    // A browser holds the form back itself.
    await page.locator('#confirm').fill('1')
    expect(await page.locator('#confirm:invalid').count()).toBe(1)
    expect(await all(receiver.inbox.deadLetters())).toHaveLength(letters)
    await page.locator('#confirm').fill(String(letters))
    await page.locator('button.destroys').click()
    await page.waitForURL(/view=run/)
    expect(await page.locator('main').textContent()).toContain('done')
    expect(await all(receiver.inbox.deadLetters())).toEqual([])
    await context.close()
    await close()
  })

  it('looks again by itself, keeps its place, and stops while something is typed', { timeout: LONG_MS }, async () => {
    const { url, receiver, close } = await world()
    const { page, context, faults } = await open(browser, url)
    await page.addInitScript(() => localStorage.setItem('posthorn.every', '1'))
    const [letter] = await all(receiver.inbox.deadLetters())
    await page.goto(`${url}?view=delivery&id=${letter?.event.delivery.id}`)
    await page.locator('[data-check]').click()
    await page.waitForSelector('[data-check]:has-text("the same here")')
    await page.goto(`${url}?view=dead`)
    await page.waitForSelector('html.js')
    await page.evaluate(() => document.querySelector('h1')?.setAttribute('data-kept', 'yes'))
    await receiver.inbox.drop({ handler: 'warehouse' })
    await page.waitForFunction(() => document.querySelector('main')?.textContent?.includes('No dead letters.'))
    expect(await page.locator('h1[data-kept]').count()).toBe(1)
    await page.locator('#search').fill('half an addre')
    let asked = 0
    page.on('request', () => void asked++)
    await page.waitForTimeout(2_500)
    expect(asked).toBe(0)
    expect(await page.locator('#search').inputValue()).toBe('half an addre')
    expect(faults).toEqual([])
    await context.close()
    await close()
  })

  it('keeps what it has while nobody answers, and says how old it is', { timeout: LONG_MS }, async () => {
    const { url, close } = await world()
    const { page, context } = await open(browser, url)
    await page.addInitScript(() => localStorage.setItem('posthorn.every', '1'))
    await page.goto(`${url}?view=dead`)
    await page.waitForSelector('html.js')
    await context.route('**/*', (route) => route.abort())
    await page.waitForSelector('.clock:has-text("as of")')
    expect(await page.locator('main').textContent()).toContain('ECONNREFUSED')
    await context.unroute('**/*')
    await page.waitForSelector('.clock:not(:has-text("as of"))', { timeout: 60_000 })
    await context.close()
    await close()
  })

  it('keeps its rows while others are asked for, and shows that it asks when that takes long', {
    timeout: LONG_MS,
  }, async () => {
    const { url, close } = await world()
    const { page, context, faults } = await open(browser, url)
    await page.addInitScript(() => localStorage.setItem('posthorn.every', '1'))
    let answer = () => {}
    const held = new Promise<void>((resolve) => {
      answer = resolve
    })
    await context.route(/as=json/, async (route) => {
      await held
      await route.continue()
    })
    await page.goto(`${url}?view=dead`)
    await page.waitForSelector('main[aria-busy="true"]')
    expect(await page.locator('main').textContent()).toContain('ECONNREFUSED')
    const bar = () =>
      page.evaluate(() => getComputedStyle(document.querySelector('main') as Element, '::before').opacity)
    await expect.poll(bar).toBe('1')
    answer()
    await page.waitForSelector('main[aria-busy="false"]')
    expect(await page.locator('main').textContent()).toContain('ECONNREFUSED')
    expect(faults).toEqual([])
    await context.close()
    await close()
  })

  it('writes times in the zone of its reader, in UTC, and as an age', { timeout: LONG_MS }, async () => {
    const { url, close } = await world({ traffic: 'none' })
    const { page, context, faults } = await open(browser, url, { timezoneId: 'Asia/Kathmandu' })
    await page.goto(url)
    await page.waitForSelector('html.js')
    const clock = async () => (await page.locator('.clock').textContent()) ?? ''
    expect(await clock()).toContain('08:57:')
    expect(await clock()).toContain('+05:45')
    await page.keyboard.press('u')
    expect(await clock()).toContain('03:12:')
    expect(await clock()).toContain('UTC')
    await page.reload()
    await page.waitForSelector('html.js')
    expect(await clock()).toContain('UTC')
    await page.keyboard.press('t')
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
    expect(faults).toEqual([])
    await context.close()
    await close()
  })
})
