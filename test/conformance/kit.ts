/** The kit, tried on receivers of the tests. */
import type { CaseReport } from '../../src/conformance/case.ts'
import { casesOf, runCases } from '../../src/conformance/run.ts'
import { type Sender, type SenderName, senderCalled } from '../../src/conformance/senders.ts'
import { LOGIN, TOKEN } from './sources.ts'

export const CREDENTIALS: Readonly<Record<SenderName, Readonly<Record<string, string>>>> = {
  momentum: { 'x-messagesystems-webhook-token': TOKEN },
  sparkpost: { authorization: `Basic ${Buffer.from(Object.values(LOGIN).join(':')).toString('base64')}` },
  mailjet: { authorization: `Basic ${Buffer.from(Object.values(LOGIN).join(':')).toString('base64')}` },
  esputnik: { 'x-key': TOKEN },
}

export function senderOf(name: SenderName): Sender {
  const sender = senderCalled(name)
  if (sender === undefined) throw new Error(`no sender ${name}`)
  return sender
}

/** The wanted cases of the sender, by default every one, against `<base>/<sender>`. */
export function tried(
  name: SenderName,
  base: string,
  more: Partial<Parameters<typeof runCases>[1]> = {},
  isWanted: (id: string) => boolean = () => true,
): Promise<CaseReport[]> {
  const sender = senderOf(name)
  const target = new URL(`${base}/${name}`)
  const cases = casesOf(sender).filter(({ id }) => isWanted(id))
  return runCases(cases, { sender, target, credential: CREDENTIALS[name], ...more })
}

/** The ids of the cases that ended so, in the order in which they ran. */
export const idsOf = (reports: readonly CaseReport[], result: CaseReport['result']): string[] =>
  reports.filter((report) => report.result === result).map(({ id }) => id)
