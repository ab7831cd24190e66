/**
 * How much of an unwanted body is still read after its answer, and how long: closing a connection with unread bytes
 * resets it, so that the sender would never see why it was refused.
 */
export const LINGER_BYTES = 65_536
export const LINGER_MS = 500
