/** Keys are kept in slices of time, which are dropped whole. Private. */

/** A window is so many slices long, so a key is kept for the window, and at most a slice longer. */
const PER_WINDOW = 4
/** More slices than are ever alive: their places are used in turn. */
export const PLACES: number = PER_WINDOW + 2

/** How long a slice of the window is, in ms. */
export const widthOf = (windowMs: number): number => Math.ceil(windowMs / PER_WINDOW)

/** The number of the slice that a moment falls into. */
export const sliceOf = (width: number, at: number): number => Math.floor(at / width)

/** The oldest slice with keys that still count. */
export const oldestSlice = (width: number, now: number): number => sliceOf(width, now) - PER_WINDOW

/** As `oldestSlice`; while the clock may not be believed, the keys of every slice that is there still count. */
export const oldestCounted = (width: number, now: number, isSteady: boolean): number =>
  isSteady ? oldestSlice(width, now) : Number.MIN_SAFE_INTEGER
