/** What was said of a message already. */
import type { Message } from './message.ts'

/**
 * Two events whose texts are the same, such as two opens in one second, cannot be told apart by any receiver where
 * events have no id. Such a sender says it once.
 */
export class Said {
  readonly #texts = new WeakMap<Message, Set<string>>()

  /** Whether the text is new for this message; from now on it is not. */
  isNew(message: Message, text: string): boolean {
    const known = this.#texts.get(message) ?? new Set()
    this.#texts.set(message, known)
    return known.size < known.add(text).size
  }
}
