/**
 * The fields of an object that matter, at fixed places of an array. Private.
 *
 * Senders write keys in any order and leave empty fields out, so that hardly two objects of a batch have the same hidden
 * class, and V8 looks every named property up in the slow way: 60 of them took 100–350 ms for 10 000 events (Node 24, 140
 * orders of keys or more), and 8 ms where all had the same order. One walk over the keys takes 10–20 ms either way, and
 * reading the slots next to nothing.
 *
 * A place is filled where the provider reads the field, or where its value could be wrong: text and flags are right in
 * every field that takes scalars.
 */
export type Slots = readonly unknown[]
