/** Questions to a person, where one sits there. */
import { createInterface } from 'node:readline/promises'

/** Somebody who can read the question, and answer it. */
export const isPersonThere = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY)

/** Asks on stderr; anything but yes is no, and so is the end of the input. */
export async function isYes(question: string, stop: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // At a terminal in raw mode Ctrl-C comes as a key: the process gets the signal that it would have got.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal: stop }), ended])
    return /^y(es)?$/i.test(answer.trim())
  } catch {
    return false
  } finally {
    lines.close()
  }
}
