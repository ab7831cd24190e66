/** Copies of an inbox that is stored in a place of its own. */
export interface Copies {
  /**
   * Makes a copy of all that is stored, as of one moment, at an absolute path: whole and on stable storage when it
   * resolves with its bytes; nobody waits for it.
   * @throws ERR_OPTION when something is there
   */
  backup(path: string): Promise<{ readonly bytes: number }>
  /**
   * Copies that the inbox has made by itself and that may hold what was erased from it, by their names; with `remove`
   * they are removed. Resolves with those that are left.
   */
  leftovers(remove: boolean): Promise<readonly string[]>
}
