/** What `event.email` is: by asking the function that makes it. */
import { canonicalEmail } from '../../src/lib/email.ts'
import { code, table } from './markdown.ts'

const WRITINGS: ReadonlyArray<readonly [address: string, why: string]> = [
  [
    'Jo@Shop.Example',
    'lower case, the local part too: a mail host may tell them apart (RFC 5321 section 2.4), senders and mailbox providers do not',
  ],
  [' jo@shop.example ', 'no white space around it'],
  ['"jo"@shop.example', 'no quotes and escapes that are not needed (RFC 5321 section 4.1.2)'],
  ['"Jo Doe"@shop.example', 'quotes that are needed stay'],
  ['jo+news@shop.example', 'what is behind a `+` stays, and so do dots: whether they count is up to the mailbox'],
  ['jo@MÜNCHEN.example', 'a domain in ASCII (UTS 46), as the DNS has it: two Unicode texts may be one domain'],
  ['jo@mu\u0308nchen.example', 'the same, from another form of Unicode'],
  ['e\u0301@shop.example', 'Unicode in the form NFC'],
  ['ı@shop.example', 'letters that only look alike are others'],
]

export function writingsTable(): string {
  return table(
    ['`recipient`', '`email`', 'why'],
    WRITINGS.map(([address, why]) => [code(address), code(canonicalEmail(address)), why]),
  )
}
