/**
 * Where things stand in the memory of the module, in bytes, and what its words mean.
 *
 * In i32: the state between two calls at 0: inside a string, next byte escaped, depth, last byte a digit, bit d set while
 * the container at depth d + 1 is an object. Behind it how many names there are, and what a call found: how many edges,
 * how many borders of numbers. At NAMES the names whose integers are asked for, each with its length, where its middle
 * begins, its first eight bytes, its middle eight and its last eight. The bytes at INPUT, a multiple of 64. At EDGES the
 * commas of the outermost array, at PAIRS starts and ends of identifiers, both counted from the start of the body. At
 * OUTPUT what is left to be judged: offset and meaning, and the number of edges before it; or the offsets of quotes to be
 * set. At TEXT the text that is made.
 */
export const NAMES = 64
export const NAME_SIZE = 32
export const MOST_NAMES = 16
/** Names of other lengths are not looked for here. */
export const SHORTEST_NAME = 8
export const LONGEST_NAME = 24
export const INPUT = 1_024
export const CHUNK = 65_536
export const OUTPUT = 131_072
export const EDGES = OUTPUT + 8 * CHUNK
export const PAIRS = EDGES + 4 * CHUNK
/** Two bytes for each of a chunk and for two quotes around every number of six bytes with its comma. */
export const TEXT = PAIRS + CHUNK
export const END_OF_MEMORY = TEXT + 3 * CHUNK
/** What was found, above the offset in the word: these bits. */
export const SHIFT = 16
/** An edge with, it may be, nothing between it and the one before. */
export const EMPTY = 1
/** A byte of a number that has 16 digits or an exponent, or might have. */
export const NUMBER = 2
export const TOO_DEEP = 3
export const UNBALANCED = 4
export const END = 5
/** The first digit of a number under one of the names, directly in an element, that is not plainly an integer. */
export const NAMED = 6
/** The first digit of a number directly in an element, whose name lies before these bytes. */
export const PERHAPS = 7
/** Runs of fewer digits need no look: no double loses one of theirs. */
export const LONG = 16
/** Identifiers of fewer digits stay numbers here. */
export const LONG_NAMED = 10
/** Of brackets, the outermost counted. */
export const MAX_DEPTH = 32
