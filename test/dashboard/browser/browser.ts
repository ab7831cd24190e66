/** A real Chromium, and pages that note whatever a page must not do. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
)

/** Where there is none its tests are skipped, by name; in CI there is one. */
export const hasChromium = CHROMIUM !== undefined || process.env.CI !== undefined

export async function launch(): Promise<Browser> {
  return await chromium.launch({
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    // As root there is no sandbox; what is shown here is our own.
    args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none', '--force-color-profile=srgb'],
  })
}

export interface Watched {
  readonly page: Page
  readonly context: BrowserContext
  /** Violations of the policy, errors of the console and of scripts, requests to elsewhere, answers that are missing. */
  readonly faults: string[]
}

/** `expects` are answers that a test asks for, such as 404 of a view. */
export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    // Colours that are under way are those of nobody.
    reducedMotion: 'reduce',
    ...options,
  })
  const page = await context.newPage()
  const faults: string[] = []
  const { origin } = new URL(url)
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`violates ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`)
    })
  })
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of (400|404|503)/.test(message.text())) faults.push(message.text())
  })
  page.on('pageerror', (error) => void faults.push(String(error)))
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(`asked ${request.url()}`)
  })
  return { page, context, faults }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Axe {
  run(
    context: object,
    options: object,
  ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>
}

/** What axe finds, by all of its rules or by these. */
export async function violations(page: Page, where: string, rules?: readonly string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE)
  const found = await page.evaluate(
    async (only) => {
      const { axe } = globalThis as unknown as { axe: Axe }
      const runOnly = only === null ? {} : { runOnly: { type: 'rule', values: only } }
      const { violations } = await axe.run(
        { exclude: ['tbody tr:nth-child(n+5)'] },
        { ...runOnly, resultTypes: ['violations'], preload: false },
      )
      return violations.map(
        ({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary?.slice(0, 200)}`,
      )
    },
    rules === undefined ? null : [...rules],
  )
  return found.map((one) => `${where}: ${one}`)
}
