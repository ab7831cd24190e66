import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Child } from '../support/child.ts'

const script = join(import.meta.dirname, '../support/crash-child.ts')
const authorization = `Basic ${Buffer.from('mailjet:a-password-of-some-length').toString('base64')}`
const single = '[{"event":"open","time":1780000000,"MessageID":19421777396190490,"email":"jo@shop.example"}]'

let folder: string
let children: Child[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
  children = []
})

afterEach(async () => {
  for (const child of children) await child.kill()
  rmSync(folder, { recursive: true })
})

function start(mode: 'none' | 'hang' | 'handle' | 'die'): Child {
  const child = new Child(script, [join(folder, 'inbox.db'), mode])
  children.push(child)
  return child
}

async function post(child: Child, body = single): Promise<{ status: number; json: unknown }> {
  const { port } = await child.line('port')
  const response = await fetch(`http://127.0.0.1:${port}/webhooks/news`, {
    method: 'POST',
    body,
    headers: { authorization },
  })
  return { status: response.status, json: await response.json() }
}

const handled = (child: Child) => child.lines.filter((line) => 'handled' in line)

describe('a process that is killed', () => {
  it.each(['none', 'hang'] as const)(
    'after its 200 (handler: %s) loses nothing: the next one handles the event',
    async (mode) => {
      const first = start(mode)
      expect(await post(first)).toMatchObject({ status: 200, json: { status: 'accepted' } })
      if (mode === 'hang') await first.line('handled')
      expect(await first.kill()).toEqual({ code: null, signal: 'SIGKILL' })

      const second = start('handle')
      expect(await second.line('handled')).toMatchObject({ messageId: '19421777396190490', attempt: 1 })
      expect(await post(second)).toMatchObject({ status: 200, json: { status: 'duplicate' } })
      expect(await second.kill('SIGTERM')).toEqual({ code: 0, signal: null })
      expect(handled(second)).toHaveLength(1)
    },
  )

  it('while a second one waits for its file hands the file over', async () => {
    const first = start('hang')
    await post(first)
    const second = start('handle')
    await first.kill()
    expect(await second.line('handled')).toMatchObject({ messageId: '19421777396190490' })
  })
})

it('SIGTERM gives back what a handler does not finish, and says so with its exit code', async () => {
  const first = start('hang')
  await post(first)
  await first.line('handled')
  expect((await first.kill('SIGTERM')).code).toBe(1)
  const second = start('handle')
  expect(await second.line('handled')).toMatchObject({ attempt: 1 })
})

it('an event that kills its process is found after three deaths and quarantined; its siblings are handled', async () => {
  const events = [11, 12, 13, 14].map(
    (id) => `{"event":"open","time":1780000000,"MessageID":${id},"email":"jo@shop.example"}`,
  )
  const first = start('die')
  // The answer may be lost with the process: what counts is what is in the file.
  await post(first, `[${events.join(',')}]`).catch(() => {})
  await first.exited
  const deaths = [first]
  for (let last = start('die'); ; last = start('die')) {
    deaths.push(last)
    const ended = await Promise.race([last.exited, last.line('port').then(() => idle(last))])
    if (ended === 'idle') break
    expect(ended).toMatchObject({ signal: 'SIGKILL' })
    expect(deaths.length).toBeLessThan(8)
  }
  const last = deaths.at(-1) as Child
  expect(await last.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  const told = deaths.flatMap(handled).map((line) => line.messageId)
  expect(new Set(told)).toEqual(new Set(['11', '12', '13', '14']))
  expect(told.filter((id) => id === '13')).toHaveLength(4)
  const looking = new Child(join(import.meta.dirname, '../support/look-child.ts'), [join(folder, 'inbox.db')])
  expect(await looking.line('quarantined')).toMatchObject({
    quarantined: [{ index: 2, reason: expect.stringContaining('died 3 times') }],
    pending: 0,
  })
})

/** Resolves when the child has worked off what it found. */
async function idle(child: Child): Promise<'idle'> {
  await child.line('idle')
  return 'idle'
}
