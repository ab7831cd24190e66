/** Checked by the compiler, never run: what a workflow of eSputnik and a mail are typed as. */
import { createReceiver } from 'posthorn'
import { unauthenticated } from 'posthorn/auth'
import { esputnikWorkflow, onceFor, type WorkflowCall } from 'posthorn/esputnik'
import { mailjetParse } from 'posthorn/mailjet'
import { memory } from 'posthorn/memory'
import { momentumRelay } from 'posthorn/momentum'
import * as v from 'valibot'
import { z } from 'zod'

/** Compiles only when both types are the same, and neither is `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <_T extends true>(): void => {}

const auth = unauthenticated()
const params = z.object({ email: z.email(), total: z.coerce.number() })
type Params = z.output<typeof params>

const receiver = createReceiver({
  inbox: memory(),
  sources: {
    promo: esputnikWorkflow({
      auth,
      params,
      respond(call) {
        is<Same<typeof call.params, Params>>()
        is<Same<typeof call.workflowInstanceId, string | null>>()
        return { total: String(call.params.total) }
      },
    }),
    token: esputnikWorkflow({
      auth,
      params: v.object({ id: v.string() }),
      respond: onceFor(
        (call: WorkflowCall<{ id: string }>) => call.params.id,
        (call, { key, again }) => {
          is<Same<typeof call.params, { id: string }>>()
          is<Same<typeof again, boolean>>()
          return { token: key }
        },
      ),
    }),
    replies: momentumRelay({ auth }),
    support: mailjetParse({ auth }),
  },
})

receiver.on('esputnik.workflow_call', (event) => {
  is<Same<typeof event.payload.status, number>>()
  is<Same<typeof event.type, 'system'>>()
})
receiver.on('inbound', async ({ mail }) => {
  is<Same<NonNullable<typeof mail>['subject'], string | null>>()
  for (const { bytes } of (await mail?.attachments()) ?? []) is<Same<typeof bytes, Uint8Array>>()
})
receiver.on('mailjet.parse', ({ payload }) => is<Same<typeof payload.Recipient, string | undefined>>())

const respond = onceFor(
  (call: WorkflowCall<{ id: string }>) => call.params.id,
  () => ({}),
)
// @ts-expect-error a function of onceFor for other parameters does not fit
esputnikWorkflow({ auth, params: v.object({ id: v.number() }), respond })
// @ts-expect-error an answer in the place of others is an object
esputnikWorkflow({ auth, params, respond: () => ({}), fallback: 'none' })
// @ts-expect-error the schema is asked for
esputnikWorkflow({ auth, respond: () => ({}) })
// @ts-expect-error no such event comes from these sources
receiver.on('esputnik.clicked', () => {})
