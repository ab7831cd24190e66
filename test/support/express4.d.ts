/** Express 4 is installed under another name, which has no types; what the tests use of it is in those of 5. */
declare module 'express4' {
  export { default } from 'express'
}
