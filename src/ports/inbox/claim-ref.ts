/** How a claim is named. */

/**
 * Names one claim, and proves that it is still held; no two claims of a process have the same token. Only the inbox
 * reads its content.
 */
export type ClaimToken = string | number

/** A claim as it is handed back to the inbox. */
export interface ClaimRef {
  readonly seq: number
  readonly token: ClaimToken
}
