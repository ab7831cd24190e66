/** The senders of mails, emulated: each sends the life of twenty messages to an address. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { emulateEsputnik, emulateMailjet, emulateMomentum, scenario } from 'posthorn/emulators'
import { expect } from 'vitest'
import { createCallbacks, createWebhook, withLogin } from '../../src/cli/create-webhooks.ts'

export const SECRET = 'a token of some length'

/** Every second answer of the first posts is lost on its way: what is repeated must not be handled twice. */
const unreliable = () => ({ faults: [scenario('answer-dropped', { every: 2 })] })

export type Emulated = { report(): ReturnType<ReturnType<typeof emulateMomentum>['report']>; close(): Promise<void> }

/** Sends the life of twenty messages to an address, until the sender has nothing left. */
export const SENDERS = {
  async momentum(target: string, auth_token = SECRET): Promise<Emulated> {
    const emulator = emulateMomentum(unreliable())
    await createWebhook((await emulator.listen()).url, 'key', { target, auth_token })
    await emulator.advance('1m')
    emulator.traffic({ messages: 20, perSecond: 1 })
    await emulator.advance('4h')
    return emulator
  },
  async mailjet(target: string): Promise<Emulated> {
    const emulator = emulateMailjet(unreliable())
    const login = { apiKey: 'key', apiSecret: 'secret' }
    await createCallbacks((await emulator.listen()).url, login, withLogin(target, `mailjet:${SECRET}`), true)
    emulator.traffic({ messages: 20, perSecond: 1 })
    await emulator.advance('4h')
    return emulator
  },
  async esputnik(url: string): Promise<Emulated> {
    const emulator = emulateEsputnik(unreliable())
    const { saved } = await emulator.saveWebhook({ url, headers: { 'x-key': SECRET } })
    expect(saved).toBe(true)
    emulator.traffic({ messages: 20, perSecond: 1 })
    await emulator.advance('6h')
    return emulator
  },
}

/** Events that a sender has sent; none of them given up or on its way. */
export async function sentBy(emulated: Emulated): Promise<number> {
  const { expected, waiting, repeated } = emulated.report()
  await emulated.close()
  expect([waiting.events, repeated > 0]).toEqual([0, true])
  return Object.values(expected).reduce((sum, count) => sum + count, 0)
}

/** What the command line of the package says about the file, once its owner has ended. */
export async function inboxSays(folder: string, ...words: string[]): Promise<Record<string, unknown>[]> {
  return inboxFileSays(folder, 'posthorn.db', ...words)
}

export async function inboxFileSays(
  folder: string,
  file: string,
  ...words: string[]
): Promise<Record<string, unknown>[]> {
  const cli = join(folder, 'node_modules/posthorn/dist/cli.js')
  const args = [cli, 'inbox', ...words, '--inbox', file, '--json']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 1 << 26 })
  return stdout
    .trim()
    .split(/\n(?=\{)/)
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text))
}
