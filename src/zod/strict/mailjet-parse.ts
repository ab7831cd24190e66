/** The schema of a mail of the Parse API, whose payload interface its source has. */
import { parseSchemaOf } from '../../providers/mailjet/events-parse.ts'
import type { MailjetParse } from '../../providers/mailjet/parse.ts'
import { typedBy } from '../typed.ts'
import { strictKit } from './kit.ts'

/** `parse`: a mail has come in. It is a body of its own. */
export const mailjetParse = typedBy<never>({ parse: parseSchemaOf(strictKit) })<MailjetParse>('parse')
