import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Child } from '../../support/child.ts'

const script = join(import.meta.dirname, '../../support/copies-child.ts')
const authorization = `Basic ${Buffer.from('mailjet:a-password-of-some-length').toString('base64')}`

const click = (id: string) => ({
  event: 'click',
  time: 1_700_000_000,
  MessageID: id,
  email: 'jo@shop.example',
  url: 'x',
})

async function post(child: Child, ...ids: string[]): Promise<void> {
  const { port } = await child.line('port')
  const body = JSON.stringify(ids.map(click))
  const answer = await fetch(`http://127.0.0.1:${port}/news`, { method: 'POST', headers: { authorization }, body })
  expect(await answer.json()).toMatchObject({ status: 'accepted' })
}

const handled = ({ lines }: Child) => lines.flatMap((line) => line.handled ?? [])

it('handles again what a crash cut off before it was settled, and absorbs the copies of it that come later', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
  const path = join(folder, 'inbox.db')
  try {
    const first = new Child(script, [path, 'die'])
    await first.line('idle')
    await post(first, '11', '12')
    await expect.poll(() => handled(first)).toEqual(['11', '12'])
    await post(first, '13', '14').catch(() => {})
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(handled(first)).toContain('13')

    const second = new Child(script, [path, 'live'])
    await second.line('idle')
    // Nothing of what died was settled, so nothing of it absorbs what it is.
    expect(handled(second)).toEqual(expect.arrayContaining(['13', '14']))
    const before = handled(second).length
    await post(second, '14', '15', '13', '11')
    await expect.poll(() => handled(second).slice(before)).toEqual(['15'])
    second.process.kill('SIGTERM')
    expect((await second.line('absorbed')).absorbed).toEqual({ news: 3 })
    expect(await second.exited).toEqual({ code: 0, signal: null })
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 60_000)
