import { Command } from '@commander-js/extra-typings'
import type { Done } from '../exit.ts'
import { inboxLooks } from './inbox-looks.ts'
import { inboxVerbs } from './inbox-verbs.ts'

export const inboxCommand = (done: Done) => {
  const command = new Command('inbox')
    .summary('what is stored, and what can be done about it')
    .description(
      'Looks into an inbox beside the server that owns it, or while none does. What is to be changed is carried out by the owner; where there is none, by the command itself.',
    )
  for (const create of [...inboxLooks, ...inboxVerbs]) command.addCommand(create(done))
  return command
}
