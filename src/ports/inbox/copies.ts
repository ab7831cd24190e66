/** Copies of an inbox that is stored in a place of its own. */
export interface Copies {
  /**
   * Copies all that is stored, as of one moment, to an absolute path: whole and on stable storage when it resolves with
   * the size of the copy. Accepts and claims do not wait for it.
   * @throws ERR_OPTION when the path exists
   */
  backup(path: string): Promise<{ readonly bytes: number }>
  /**
   * Names copies that the inbox has made by itself and that may hold erased data; with `remove` it removes them.
   * Resolves with the names of those that are left.
   */
  leftovers(remove: boolean): Promise<readonly string[]>
}
