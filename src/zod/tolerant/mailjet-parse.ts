/** The schema of a mail of the Parse API, whose payload interface its source has. */
import type { MailjetParse } from '../../providers/mailjet/parse.ts'
import { typedBy } from '../typed.ts'
import { mailjet } from './schemas.ts'

/** `parse`: a mail has come in. It is a body of its own. */
export const mailjetParse = typedBy<never>(mailjet.alone)<MailjetParse>('parse')
