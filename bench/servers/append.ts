/**
 * The least that keeps what it acknowledges: bodies are appended to one file and synced together, then answered, parsed
 * and handled. No token is checked, no repeat is seen, and nobody reads the file again.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { handleAll } from './bare.ts'
import { ANSWER, ANSWER_HEAD, listen, whenRead } from './listen.ts'
import type { Served, ServerPlan } from './plan.ts'
import type { Tally } from './tally.ts'

export async function append({ folder }: ServerPlan, tally: Tally): Promise<Served> {
  const log = new Log(await open(join(folder, 'bodies.log'), 'a'))
  return listen((req, res) => {
    whenRead(req, (body) => {
      log.add(body, () => {
        res.writeHead(200, ANSWER_HEAD).end(ANSWER)
        void handleAll(JSON.parse(body.toString()), tally)
      })
    })
  })
}

interface Entry {
  readonly body: Buffer
  readonly then: () => void
}

/** What comes while a group is written is the next group. */
class Log {
  readonly #file: FileHandle
  #waiting: Entry[] = []
  #writing = false

  constructor(file: FileHandle) {
    this.#file = file
  }

  add(body: Buffer, then: () => void): void {
    this.#waiting.push({ body, then })
    if (!this.#writing) void this.#write()
  }

  async #write(): Promise<void> {
    this.#writing = true
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      await this.#file.writev(group.map(({ body }) => body))
      await this.#file.datasync()
      for (const { then } of group) then()
    }
    this.#writing = false
  }
}
