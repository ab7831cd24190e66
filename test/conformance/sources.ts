/** Receivers of ours to be tried; also for a process of its own, so by the paths of the files. */
import { basic, header, token } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import type { Inbox } from '../../src/ports/inbox/index.ts'
import { esputnik } from '../../src/providers/esputnik/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { sparkpost } from '../../src/providers/momentum/sparkpost.ts'

export const TOKEN = 'a token of some length'
export const LOGIN = { username: 'user', password: 'a password: of some length' }

/** A source for each sender, named after it. */
export function everySource(inbox: Inbox) {
  return createReceiver({
    inbox,
    logger: false,
    sources: {
      momentum: momentum({ auth: token(TOKEN) }),
      sparkpost: sparkpost({ auth: basic(LOGIN) }),
      mailjet: mailjet({ auth: basic(LOGIN) }),
      esputnik: esputnik({ auth: header('x-key', TOKEN), timeZone: 'UTC' }),
    },
  })
}
