import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Child } from '../support/child.ts'

const script = join(import.meta.dirname, '../support/crash-child.ts')
const authorization = `Basic ${Buffer.from('mailjet:a-password-of-some-length').toString('base64')}`
const body = '[{"event":"open","time":1780000000,"MessageID":19421777396190490,"email":"jo@shop.example"}]'

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

function start(mode: 'none' | 'hang' | 'handle'): Child {
  const child = new Child(script, [join(folder, 'inbox.db'), mode])
  children.push(child)
  return child
}

async function post(child: Child): Promise<{ status: number; json: unknown }> {
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
