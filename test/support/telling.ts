/** For parts of the process half that are tested alone: nobody listens, nothing wraps. */
import type { Telling } from '../../src/ports/telling.ts'

export const unheard: Telling & { readonly wrap: null } = { tell() {}, hears: () => false, wrap: null }
