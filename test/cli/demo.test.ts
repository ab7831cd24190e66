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

describe('posthorn demo', () => {
  it('shows the way of deliveries of every sender, then listens until Ctrl-C, and exits 0', async () => {
    let told = false
    const { code, out, err } = await posthorn(['demo', '--port', '0'], async (text, kill) => {
      const curl = /curl -i (\S+) -H '([^:]+): ([^']+)' -d '([^']+)'/.exec(text)
      if (curl === null || told) return
      told = true
      const [, url = '', name = '', value = '', body = ''] = curl
      const answer = await fetch(url, { method: 'POST', body, headers: { [name]: value } })
      expect(await answer.json()).toMatchObject({ status: 'accepted' })
      kill('SIGINT')
    })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(told).toBe(true)
    expect(out).toMatch(/10 000 events +1\d\.\d MB +200 accepted/)
    expect(out).toMatch(/wrong token .* 401 unauthorized/)
    expect(out).toMatch(/the first batch again .* 200 duplicate/)
    expect(out).toMatch(/momentum bounced +\d+/)
    expect(out).toContain('"messageId": "19421777396190490"')
    expect(out).toContain('0 pending, 0 dead letters, 1 quarantined')
    expect(out).not.toMatch(/[\w.+-]{2,}@shop\.example/)
    expect(out).toMatch(/stopping: 0 events with handlers, 10 s\nstopped, nothing left over\n$/)
    expect(existsSync(/inbox: (\S+)/.exec(out)?.[1] as string)).toBe(false)
  })
})
