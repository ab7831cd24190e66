/** Event keys are kept in slices of time; a slice is dropped as a whole. */

/** Slices in a window: a key is kept for the window, and at most one slice longer. */
const PER_WINDOW = 4
/** Places for slices, used in turn: more than slices ever count at once. */
export const PLACES: number = PER_WINDOW + 2

/** The length of a slice, in ms. */
export const widthOf = (windowMs: number): number => Math.ceil(windowMs / PER_WINDOW)

/** The number of the slice that a moment falls into. */
export const sliceOf = (width: number, at: number): number => Math.floor(at / width)

/** The oldest slice whose keys still count. */
export const oldestSlice = (width: number, now: number): number => sliceOf(width, now) - PER_WINDOW

/** As `oldestSlice`; while the clock is not steady (`SteadyWatch`), the keys of every stored slice count. */
export const oldestCounted = (width: number, now: number, isSteady: boolean): number =>
  isSteady ? oldestSlice(width, now) : Number.MIN_SAFE_INTEGER
