import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const main = join(import.meta.dirname, '../../src/cli/main.ts')

/** Runs the command until it ends; `onOutput` sees what it has printed so far. */
function posthorn(
  args: readonly string[],
  onOutput: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  child.stdout.on('data', (chunk) => {
    out += chunk
    onOutput(out, (signal) => child.kill(signal))
  })
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

/** Sender, posts, repeated, sent and handled, a line each. */
const rowsIn = (out: string) =>
  [...out.matchAll(/^ {2}(\w+) +(\d+) +(\d+) +(\d+) +(\d+)$/gm)].map(([, name, ...counts]) => [
    name,
    ...counts.map(Number),
  ])

describe('posthorn demo', () => {
  it('kills its receiver under the traffic of every sender, and counts that all that was sent was handled', async () => {
    const { code, out, err } = await posthorn(['demo', '--port', '0', '--once'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const rows = rowsIn(out)
    expect(rows.map(([name]) => name)).toEqual(['Momentum', 'SparkPost', 'Mailjet', 'eSputnik'])
    for (const [, posts, , sent, handled] of rows) {
      expect(posts).toBeGreaterThan(5)
      expect(sent).toBeGreaterThan(100)
      expect(handled).toBe(sent)
    }
    expect(out).toContain('Sent = handled, to the event')
    const [, killed, started] = /kill -9 (\d+), .* started again as (\d+)/.exec(out) ?? []
    expect(out).toContain(`process ${killed} at`)
    expect(started).not.toBe(killed)
    expect(existsSync(/inbox: (\S+)/.exec(out)?.[1] as string)).toBe(false)
  }, 60_000)

  it('then stays, with traffic on its dashboard, shows the event of your own curl, and ends with 0 at Ctrl-C', async () => {
    let [posted, moved, ended] = [false, false, false]
    let shownSoFar = ''
    const lastSeqOf = async (board: string) => (await (await fetch(`${board}?view=log&as=json`)).json()).data.lastSeq
    const { code, out, err } = await posthorn(['demo', '--port', '0'], async (text, kill) => {
      shownSoFar = text
      const curl = /curl -i (\S+) -H '([^:]+): ([^']+)' -d '([^']+)'/.exec(text)
      if (curl !== null && !posted) {
        posted = true
        const [, url = '', name = '', value = '', body = ''] = curl
        const answer = await fetch(url, { method: 'POST', body, headers: { [name]: value } })
        expect(await answer.json()).toMatchObject({ status: 'accepted' })
        const board = /^Dashboard: (\S+)$/m.exec(text)?.[1] ?? ''
        const scraped = /^Metrics, for a Prometheus: (\S+)$/m.exec(text)?.[1] ?? ''
        expect(await (await fetch(scraped)).text()).toMatch(
          /^posthorn_events_total\{source="shop",type="clicked"\} \d/m,
        )
        const seq = await lastSeqOf(board)
        await expect.poll(() => lastSeqOf(board), { timeout: 20_000 }).toBeGreaterThan(seq + 2)
        moved = true
      }
      // Either may come last.
      if (!ended && moved && shownSoFar.includes('y***@example.com')) {
        ended = true
        kill('SIGINT')
      }
    })
    expect({ code, err, posted, ended }).toEqual({ code: 0, err: '', posted: true, ended: true })
    const shown = out.slice(out.indexOf('curl -i'))
    expect(shown).toContain('An event of momentum')
    expect(shown).toContain('"name": "momentum.click"')
    expect(shown).toMatch(/stopping: \d+ events with handlers, 10 s\nstopped, nothing left over\n$/)
  }, 60_000)

  it('ends at Ctrl-C in the middle of its show, with its receiver', async () => {
    let told = false
    const { code, out } = await posthorn(['demo', '--port', '0'], (text, kill) => {
      if (told || !text.includes('started again as')) return
      told = true
      kill('SIGINT')
    })
    expect({ code, told }).toEqual({ code: 0, told: true })
    expect(out).toContain('stopped, nothing left over')
    const [, receiver] = /started again as (\d+)/.exec(out) ?? []
    expect(() => process.kill(Number(receiver), 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }))
  })
})
