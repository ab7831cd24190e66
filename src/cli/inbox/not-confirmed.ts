/** Something would be changed, and nobody has said that it may. The command ends with 4. */
export class NotConfirmed extends Error {
  readonly code = 'ERR_NOT_CONFIRMED'
}
