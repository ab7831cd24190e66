/** Which words and labels there are, as a process knows them: of what strangers name so many are told apart. */
import { Words } from '../../rules/tally.ts'
import { Uses } from '../../rules/uses.ts'
import type { Session } from '../db/database.ts'

const readWords = 'SELECT text FROM @word'
const readLabels = 'SELECT source, credential FROM @seen'

interface Label {
  readonly credential: string | null
}

export class Known {
  readonly words = new Words()
  readonly #labels = new Uses<Label>()

  /** The label it counts under. */
  labelOf(source: string, label: string | null): string | null {
    return this.#labels.of(source, label, (credential) => ({ credential })).credential
  }
}

export async function readKnown(db: Pick<Session, 'all'>): Promise<Known> {
  const known = new Known()
  for (const { text } of await db.all<{ text: string }>(readWords)) known.words.add(JSON.parse(text))
  for (const { source, credential } of await db.all<{ source: string; credential: string }>(readLabels))
    known.labelOf(source, JSON.parse(credential))
  return known
}
