/**
 * A receiver with a workflow in a process of its own, to be killed while an answer is made. Arguments: path of the file,
 * and whether `make` hangs or answers. Tells `{"port"}`, then `{"made", "again"}` for each call of `make`.
 */
import { createServer } from 'node:http'
import { z } from 'zod'
import { webhooks } from '../../src/adapters/node.ts'
import { unauthenticated } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { esputnikWorkflow, onceFor, type WorkflowCall } from '../../src/providers/esputnik/index.ts'

const [path = '', mode = 'answer'] = process.argv.slice(2)
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

const respond = onceFor(
  ({ params }: WorkflowCall<{ readonly email: string }>) => params.email,
  (_call, { key, again }) => {
    tell({ made: key, again })
    return mode === 'hang' ? new Promise<never>(() => {}) : { promocode: `CODE of ${process.pid}` }
  },
)
const receiver = createReceiver({
  inbox: sqlite({ path }),
  sources: { wf: esputnikWorkflow({ auth: unauthenticated(), params: z.object({ email: z.string() }), respond }) },
  logger: false,
})
await receiver.start()
const server = createServer(webhooks(receiver)).listen(0, '127.0.0.1', () => {
  const address = server.address()
  tell({ port: typeof address === 'object' ? address?.port : null })
})
