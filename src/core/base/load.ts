/** What is under way on the way to an acknowledgement; the process half gives way to it. */
export interface Load {
  bytes: number
  requests: number
  /** All that have ever begun to come in. */
  begun: number
}
